//! Who may read the metrics: a program that knows the token for it, or a system user.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use secrecy::{ExposeSecret, SecretString};

use super::system_caller::{FleetRead, PlatformAuthorized};
use super::{Identity, bearer};
use crate::error::ApiError;

/// Somebody who may read the metrics. It has no constructor: only a request yields one.
///
/// The token costs no connection: metrics are wanted most when there is none to be had.
#[derive(Debug)]
pub struct Scraper(());

impl FromRequest for Scraper {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        match knows_the_token(request) {
            Ok(true) => ready(Ok(Self(()))).boxed_local(),
            Ok(false) => {
                let caller = PlatformAuthorized::<FleetRead>::from_request(request, payload);
                // Their own connection is none of those that are counted.
                Box::pin(async move { caller.await?.leave().await.map(|()| Self(())) })
            }
            Err(error) => ready(Err(error)).boxed_local(),
        }
    }
}

fn knows_the_token(request: &HttpRequest) -> Result<bool, ApiError> {
    let given = bearer::token(request)?;
    let token = Identity::of(request)?.metrics_token();
    Ok(token.is_some_and(|token| is_equal(token, given)))
}

/// Compares in a time that tells nothing but the length.
fn is_equal(token: &SecretString, given: &str) -> bool {
    let token = token.expose_secret().as_bytes();
    verify_slices_are_equal(token, given.as_bytes()).is_ok()
}
