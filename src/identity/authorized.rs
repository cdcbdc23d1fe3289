//! `Authorized<Permission>`: proof in a handler's signature that the caller holds a permission, and the only way on to the
//! tenant's data.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::permission::Permission;
use super::signed_in::SignedIn;
use crate::error::ApiError;

/// A caller who holds permission `P`, read live. It has no constructor: only a request yields one.
#[derive(Debug)]
pub struct Authorized<P> {
    caller: SignedIn,
    permission: PhantomData<P>,
}

impl<P> Deref for Authorized<P> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.caller
    }
}

impl<P> DerefMut for Authorized<P> {
    fn deref_mut(&mut self) -> &mut SignedIn {
        &mut self.caller
    }
}

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = SignedIn::from_request(request, payload);
        let authorize = |caller: Result<SignedIn, ApiError>| {
            let caller = caller?;
            caller.require(P::NAME)?;
            Ok(Self {
                caller,
                permission: PhantomData,
            })
        };
        caller.map(authorize).boxed_local()
    }
}
