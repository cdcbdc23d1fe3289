//! Extractors in the order of a handler's parameters: who asks comes first, and what they ask is not looked at before.
//!
//! The framework runs the extractors of a handler side by side and answers with the first fault. The fault of a body would
//! then be told to callers who may not send one.

use actix_web::{Error, FromRequest, Handler, HttpRequest, dev::Payload};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// The parameters of a handler: up to six extractors.
pub trait Parameters: Sized + 'static {
    /// Extracts one after the other and stops at the first fault.
    fn extract(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> impl Future<Output = Result<Self, Error>>;
}

/// Parameters that are extracted one after the other.
#[derive(Debug)]
pub(super) struct InOrder<Args>(Args);

impl<Args: Parameters> FromRequest for InOrder<Args> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        async move { Args::extract(&request, &mut payload).await.map(Self) }.boxed_local()
    }
}

/// The same handler, with its parameters extracted in order.
pub(super) fn in_order<H, Args>(handler: H) -> impl Fn(InOrder<Args>) -> H::Future + Clone + 'static
where
    H: Handler<Args>,
    Args: Parameters,
{
    move |InOrder(args)| handler.call(args)
}

macro_rules! parameters {
    ($($Extractor:ident)*) => {
        impl<$($Extractor: FromRequest + 'static),*> Parameters for ($($Extractor,)*) {
            async fn extract(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Error> {
                Ok(($($Extractor::from_request(request, payload).await.map_err(Into::into)?,)*))
            }
        }
    };
}

parameters! { A }
parameters! { A B }
parameters! { A B C }
parameters! { A B C D }
parameters! { A B C D E }
parameters! { A B C D E F }

impl Parameters for () {
    async fn extract(_: &HttpRequest, _: &mut Payload) -> Result<Self, Error> {
        Ok(())
    }
}
