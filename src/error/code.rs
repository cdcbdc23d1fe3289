//! The table of error codes: variant, status, code and public sentence.

use std::time::Duration;

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($variant:ident $status:ident $code:literal $title:literal)+) => {
        /// What went wrong, as clients know it. A code exists only if a client acts on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`: ", $title)] $variant,)+
        }

        impl Code {
            /// Every code, by rising status.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The HTTP status it is sent with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// The stable name clients match on.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The public sentence, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    BadRequest            BAD_REQUEST            "bad_request"             "the request could not be read"
    LinkInvalid           BAD_REQUEST            "link_invalid"            "the link is not valid, was used, or has ended (hint: ask for a new one)"
    NotAuthenticated      UNAUTHORIZED           "not_authenticated"       "authentication is required (hint: log in first)"
    InvalidCredentials    UNAUTHORIZED           "invalid_credentials"     "the credentials are not valid"
    InvalidToken          UNAUTHORIZED           "invalid_token"           "the token is not valid or has expired"
    SessionEnded          UNAUTHORIZED           "session_ended"           "the session has ended (hint: log in again)"
    TenantMismatch        UNAUTHORIZED           "tenant_mismatch"         "the token belongs to another tenant"
    PermissionDenied      FORBIDDEN              "permission_denied"       "you lack the permission for this"
    CrossSite             FORBIDDEN              "cross_site"              "the request was made by a page of another site"
    TenantSuspended       FORBIDDEN              "tenant_suspended"        "the tenant is suspended"
    EmailNotVerified      FORBIDDEN              "email_not_verified"      "the e-mail address is not verified (hint: follow the link in the mail, or ask for another one)"
    RegistrationClosed    FORBIDDEN              "registration_closed"     "this tenant lets nobody register"
    OutsideWorkingHours   FORBIDDEN              "outside_working_hours"   "access is limited to your working hours"
    NotFound              NOT_FOUND              "not_found"               "there is nothing here"
    TenantNotFound        NOT_FOUND              "tenant_not_found"        "there is no such tenant"
    MethodNotAllowed      METHOD_NOT_ALLOWED     "method_not_allowed"      "the resource does not have this method"
    Conflict              CONFLICT               "conflict"                "the request conflicts with what exists"
    IdempotencyInProgress CONFLICT               "idempotency_in_progress" "a request with this idempotency key is still running"
    StorageFull           CONFLICT               "storage_full"            "the tenant's plan has no room for this"
    PreconditionFailed    PRECONDITION_FAILED    "precondition_failed"     "the resource has changed since you read it"
    BodyTooLarge          PAYLOAD_TOO_LARGE      "body_too_large"          "the body is too large"
    UnsupportedMediaType  UNSUPPORTED_MEDIA_TYPE "unsupported_media_type"  "the body is not JSON (hint: send it as `application/json`)"
    RangeNotSatisfiable   RANGE_NOT_SATISFIABLE  "range_not_satisfiable"   "the content does not have this part"
    ValidationFailed      UNPROCESSABLE_ENTITY   "validation_failed"       "some fields are not valid"
    IdempotencyKeyReused  UNPROCESSABLE_ENTITY   "idempotency_key_reused"  "the idempotency key was used for another request"
    PreconditionRequired  PRECONDITION_REQUIRED  "precondition_required"   "`If-Match` is missing (hint: send the `ETag` of the version you read)"
    RateLimited           TOO_MANY_REQUESTS      "rate_limited"            "too many requests"
    Internal              INTERNAL_SERVER_ERROR  "internal"                "something failed on our side"
    Unavailable           SERVICE_UNAVAILABLE    "unavailable"             "the service is not available right now"
    Overloaded            SERVICE_UNAVAILABLE    "overloaded"              "the service has more work than it can do"
    PoolExhausted         SERVICE_UNAVAILABLE    "pool_exhausted"          "all of the tenant's connections are busy"
    StatementTimeout      SERVICE_UNAVAILABLE    "statement_timeout"       "the database took longer than a statement may take"
    TenantProvisioning    SERVICE_UNAVAILABLE    "tenant_provisioning"     "the tenant is being set up"
    TenantArchived        SERVICE_UNAVAILABLE    "tenant_archived"         "the tenant is archived"
    TenantUpgrading       SERVICE_UNAVAILABLE    "tenant_upgrading"        "the tenant is being upgraded"
}

impl Code {
    /// The code for a status that a library chose.
    pub fn for_status(status: StatusCode) -> Self {
        let exact = Self::ALL.iter().find(|code| code.status() == status);
        match exact {
            Some(code) => *code,
            None if status.is_client_error() => Self::BadRequest,
            None => Self::Internal,
        }
    }

    /// The value of `WWW-Authenticate`: `error` only where a token was sent and refused (RFC 6750 §3).
    pub(super) const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::NotAuthenticated | Self::InvalidCredentials => Some("Bearer"),
            Self::InvalidToken | Self::SessionEnded | Self::TenantMismatch => {
                Some(r#"Bearer error="invalid_token""#)
            }
            Self::PermissionDenied => Some(r#"Bearer error="insufficient_scope""#),
            _ => None,
        }
    }

    /// When to try again, unless the occurrence knows better: busy resources free up within a second, others need
    /// a restart, an upgrade or a person.
    pub(super) const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited | Self::Overloaded | Self::PoolExhausted => {
                Some(Duration::from_secs(1))
            }
            Self::Unavailable
            | Self::StatementTimeout
            | Self::TenantProvisioning
            | Self::TenantUpgrading => Some(Duration::from_secs(5)),
            Self::TenantArchived => Some(Duration::from_hours(1)),
            _ => None,
        }
    }
}
