//! The route of the metrics: what the pools count, in the text format that Prometheus reads.
//!
//! No series is a tenant's: tenants come and go, and each would stay in the memory of whoever reads. Which of them take most
//! is shown by `GET /api/v1/fleet/pools`.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, ServiceConfig};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};
use prometheus::{TEXT_FORMAT, TextEncoder};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::scraper::Scraper;
use crate::platform::Platform;
use crate::tenancy::pools::{PoolsView, WaitsView};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_metrics))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/metrics").get(show_metrics));
}

/// The metrics of the process that answers, in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "service", responses((status = 200, body = String, content_type = "text/plain")))]
async fn show_metrics(
    _scraper: Scraper,
    platform: Data<Platform>,
) -> Result<HttpResponse, ApiError> {
    let families = families(&platform.pools.view());
    let text = TextEncoder::new().encode_to_string(&families);
    let text = text.map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, TEXT_FORMAT))
        .body(text))
}

fn families(view: &PoolsView) -> Vec<MetricFamily> {
    let now = connections_now(view).into_iter();
    let so_far = connections_so_far(view).into_iter();
    now.chain(so_far).chain(leases_so_far(view)).collect()
}

fn connections_now(view: &PoolsView) -> [MetricFamily; 3] {
    let states = [
        ("idle", view.idle),
        ("lent", view.lent),
        ("opening", view.opening),
    ];
    [
        family(
            "rowhouse_pool_connections",
            "Connections now, by state.",
            MetricType::GAUGE,
            labelled("state", &states, gauge),
        ),
        one_gauge(
            "rowhouse_pool_connections_max",
            "Connections that this process opens at most.",
            view.max_connections,
        ),
        one_gauge(
            "rowhouse_pool_waiting",
            "Leases that are waited for now.",
            view.waiting,
        ),
    ]
}

fn connections_so_far(view: &PoolsView) -> [MetricFamily; 2] {
    let reasons = [
        ("age", view.closed.age),
        ("schemas", view.closed.schemas),
        ("lost", view.closed.lost),
        ("dirty", view.closed.dirty),
        ("idle", view.closed.idle),
        ("login_role", view.closed.login_role),
    ];
    [
        one_counter(
            "rowhouse_pool_connections_opened_total",
            "Connections opened.",
            view.opened,
        ),
        family(
            "rowhouse_pool_connections_closed_total",
            "Connections closed, by reason.",
            MetricType::COUNTER,
            labelled("reason", &reasons, counter),
        ),
    ]
}

fn leases_so_far(view: &PoolsView) -> [MetricFamily; 5] {
    [
        one_counter(
            "rowhouse_pool_hits_total",
            "Leases served by a connection that was bound as asked already.",
            view.hits,
        ),
        one_counter(
            "rowhouse_pool_binds_total",
            "Connections bound to a tenant for the first time; behind a pooler of transactions, every lease.",
            view.binds,
        ),
        one_counter(
            "rowhouse_pool_rebinds_total",
            "Connections bound to a tenant after another.",
            view.rebinds,
        ),
        one_counter(
            "rowhouse_pool_exhausted_total",
            "Leases refused because no connection became free in time.",
            view.exhausted,
        ),
        family(
            "rowhouse_pool_wait_seconds",
            "How long leases waited in queues, of those that did.",
            MetricType::HISTOGRAM,
            vec![histogram(&view.waits)],
        ),
    ]
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn one_gauge(name: &str, help: &str, number: u64) -> MetricFamily {
    family(name, help, MetricType::GAUGE, vec![gauge(number)])
}

fn one_counter(name: &str, help: &str, number: u64) -> MetricFamily {
    family(name, help, MetricType::COUNTER, vec![counter(number)])
}

fn gauge(number: u64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(float(number));
    Metric::from_gauge(gauge)
}

fn counter(number: u64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(float(number));
    let mut metric = Metric::default();
    metric.set_counter(counter);
    metric
}

/// A metric of each number, which differ in one label.
fn labelled(name: &str, numbers: &[(&str, u64)], metric: fn(u64) -> Metric) -> Vec<Metric> {
    let of_label = |(value, number): &(&str, u64)| {
        let mut label = LabelPair::default();
        label.set_name(name.to_owned());
        label.set_value((*value).to_owned());
        let mut metric = metric(*number);
        metric.set_label(vec![label]);
        metric
    };
    numbers.iter().map(of_label).collect()
}

fn histogram(waits: &WaitsView) -> Metric {
    let buckets = waits.classes.iter().map(|class| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(seconds(class.up_to_us));
        bucket.set_cumulative_count(class.count);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(waits.count);
    histogram.set_sample_sum(seconds(waits.sum_us));
    let mut metric = Metric::default();
    metric.set_histogram(histogram);
    metric
}

fn seconds(micros: u64) -> f64 {
    float(micros) / 1e6
}

/// The nearest number that a float can hold.
fn float(number: u64) -> f64 {
    let half = |number| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    half(number >> 32) * 4_294_967_296.0 + half(number & 0xffff_ffff)
}
