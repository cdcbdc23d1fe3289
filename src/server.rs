//! The HTTP server: `Application::build(config)` → `port()`, `run_until_stopped()`.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{
    App, HttpServer,
    dev::Server,
    web::{self, ServiceConfig},
};
use anyhow::{Context, bail};
use secrecy::ExposeSecret;

use crate::api_audit_log::CallQueue;
use crate::attachments::sweep_job::SweepJob;
use crate::config::Config;
use crate::http::{self, Drain, TimeLimit, Witness};
use crate::identity::client::TrustedProxies;
use crate::identity::{Identity, bootstrap, signing_key_watch};
use crate::mail::{Delivery, Outbox, Sender};
use crate::platform::Platform;
use crate::resource::{JsonLimit, path_config};
use crate::retention;
use crate::task::{StoppableTask, Task};

/// A server that listens, with everything behind it.
#[derive(Debug)]
pub struct Application {
    port: u16,
    server: ServerFuture,
    drain: web::Data<Drain>,
    outbox: StoppableTask,
    calls: StoppableTask,
    _tasks: Vec<Task>,
    patience: Duration,
    platform: Arc<Platform>,
}

/// The running half, which has nothing to print.
struct ServerFuture(Server);

impl std::fmt::Debug for ServerFuture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Server")
    }
}

/// What every handler finds around its request.
#[derive(Clone)]
struct Surroundings {
    platform: web::Data<Platform>,
    identity: web::Data<Identity>,
    drain: web::Data<Drain>,
    witness: web::Data<dyn Witness>,
    body_limit: web::Data<JsonLimit>,
    time_limit: web::Data<TimeLimit>,
    proxies: web::Data<TrustedProxies>,
}

impl Surroundings {
    fn new(
        config: &Config,
        platform: &Arc<Platform>,
        identity: &Arc<Identity>,
        witness: Arc<dyn Witness>,
    ) -> Self {
        Self {
            platform: Arc::clone(platform).into(),
            identity: Arc::clone(identity).into(),
            drain: web::Data::new(Drain::default()),
            witness: witness.into(),
            body_limit: web::Data::new(JsonLimit(config.http.body_limit)),
            time_limit: web::Data::new(TimeLimit {
                usual: config.http.time_limit(),
                upload: config.attachments.upload_time(),
            }),
            proxies: web::Data::new(TrustedProxies::of(&config.http)),
        }
    }

    fn surround(self, app: &mut ServiceConfig) {
        app.app_data(self.platform)
            .app_data(self.identity)
            .app_data(self.drain)
            .app_data(self.witness)
            .app_data(self.body_limit)
            .app_data(self.time_limit)
            .app_data(self.proxies)
            .app_data(path_config());
    }
}

impl Application {
    /// Opens the platform, migrates it, and listens. Requests are answered once [`Self::run_until_stopped`] runs.
    ///
    /// # Errors
    /// A setting that production refuses, an `SMTP_URL` that is none, a port that is taken, a database that is not there.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        config.check_mail()?;
        // Before the database is opened: a taken port is known at once, and nothing has been started for nothing.
        let listener = listen(&config)?;
        let platform = Platform::open(&config).await?;
        Self::with_platform(config, Arc::new(platform), listener).await
    }

    /// Serves an opened platform on a listener.
    ///
    /// # Errors
    /// Signing keys that cannot be read or made; an `SMTP_URL` that is none.
    pub async fn with_platform(
        config: Config,
        platform: Arc<Platform>,
        listener: TcpListener,
    ) -> anyhow::Result<Self> {
        Self::with_routes(config, platform, listener, |_| {}).await
    }

    /// As [`Self::with_platform`], with routes that come before all others: tests have some that production must not.
    ///
    /// # Errors
    /// As [`Self::with_platform`].
    pub async fn with_routes(
        config: Config,
        platform: Arc<Platform>,
        listener: TcpListener,
        routes: fn(&mut ServiceConfig),
    ) -> anyhow::Result<Self> {
        let port = listener.local_addr()?.port();
        let identity = Identity::open(&config, &platform).await;
        let identity = Arc::new(identity.context("Failed to load the signing keys")?);
        let outbox = outbox(&config, &platform, port)?;
        platform.changes.listen().await;
        let (witness, calls) = CallQueue::start(&platform);
        let surroundings = Surroundings::new(&config, &platform, &identity, witness);
        let drain = surroundings.drain.clone();
        let shutdown = config.http.shutdown_timeout;
        let server = HttpServer::new(move || {
            App::new()
                .configure(|app| surroundings.clone().surround(app))
                .configure(routes)
                .configure(crate::routes::configure)
                .default_service(web::to(http::not_found))
                .wrap(from_fn(http::observe))
        })
        .disable_signals()
        // Nobody waits for the answer of one who hung up: the handler is dropped, and what it had is free.
        .h1_allow_half_closed(false)
        .shutdown_timeout(shutdown.into())
        .listen(listener)?
        .run();
        Ok(Self {
            port,
            server: ServerFuture(server),
            drain,
            outbox: outbox.start(),
            calls,
            _tasks: tasks(&config, &platform, identity),
            patience: Duration::from_secs(shutdown.into()),
            platform,
        })
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The platform behind the server.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.platform
    }

    /// Answers requests until SIGINT or SIGTERM, then lets those under way finish.
    ///
    /// # Errors
    /// What the operating system says when it takes the listener away.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let handle = self.server.0.handle();
        let mut server = self.server.0;
        tokio::select! {
            ended = &mut server => return Ok(ended?),
            signal = http::stop_signal() => {
                tracing::info!("stopping on {}: requests under way get to finish", signal?);
                self.drain.begin();
            }
        }
        let stopping = self.outbox.stop(self.patience);
        let ((), ended, _) = tokio::join!(handle.stop(true), server, stopping);
        // The last request has been answered.
        if !self.calls.stop(self.patience).await {
            tracing::warn!("calls were not all logged before the end");
        }
        Ok(ended?)
    }
}

/// What goes on behind the requests.
fn tasks(config: &Config, platform: &Platform, identity: Arc<Identity>) -> Vec<Task> {
    let sweep = SweepJob::new(platform, &config.attachments).start(&config.attachments);
    let tasks = [
        signing_key_watch::start(identity, platform),
        retention::start(platform),
    ];
    tasks.into_iter().chain(sweep).collect()
}

/// What sends the mail. Its links lead to this server where the configuration says nothing else, whatever requests claim.
fn outbox(config: &Config, platform: &Platform, port: u16) -> anyhow::Result<Outbox> {
    let own_url = || format!("http://{}", SocketAddr::new(config.http.host, port));
    let public_url = config.mail.public_url.clone().unwrap_or_else(own_url);
    let from = config.mail.mail_from.clone();
    let sender = Sender::new(from, public_url, platform.mailed_links.key().clone());
    Ok(Outbox::new(platform, sender, Delivery::open(config)?))
}

/// Listens on the configured address.
///
/// # Errors
/// A port that is taken, or may not be used by this user.
pub fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = (config.http.host, config.http.port);
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!(
                "port {} of `{}` is taken by another program (hint: stop it, or choose another port with `--port`)",
                address.1,
                address.0
            )
        }
        Err(error) => Err(error)
            .with_context(|| format!("Failed to listen on `{}` port {}", address.0, address.1)),
    }
}

/// Serves until stopped. On a platform without a system user, prints the one-time bootstrap token to `out` first.
///
/// # Errors
/// As [`Application::build`].
pub async fn serve(config: Config, out: &mut impl Write) -> anyhow::Result<()> {
    let host = config.http.host;
    let application = Application::build(config).await?;
    let address = SocketAddr::new(host, application.port());
    let mut conn = application.platform().pools.platform().await?;
    let token = bootstrap::issue(&mut conn).await?;
    conn.finish().await?;
    if let Some(token) = token {
        writeln!(
            out,
            "The platform has no system user yet. Create the first one with this token, which works once:\n"
        )?;
        writeln!(out, "  {}\n", token.expose_secret())?;
        writeln!(
            out,
            "  curl -X POST http://{address}/api/v1/platform/bootstrap -H 'Content-Type: application/json' \\"
        )?;
        writeln!(
            out,
            "    -d '{{\"token\":\"{}\",\"email\":\"YOU@EXAMPLE.COM\",\"password\":\"A NEW PASSWORD\"}}'\n",
            token.expose_secret()
        )?;
    }
    writeln!(
        out,
        "Rowhouse serves on http://{address} (documentation: http://{address}/docs)"
    )?;
    out.flush()?;
    application.run_until_stopped().await
}
