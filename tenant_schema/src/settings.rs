//! How a tenant is set up, and what was done in it.

pub mod api_audit_log;
pub mod audit_log;
pub mod audited;
pub mod constraints;
pub mod feature_flag;
pub mod idempotency_receipt;
pub mod known;
pub mod setting;

pub use api_audit_log::{ApiAuditFilter, ApiAuditLog};
pub use audit_log::{ActorType, AuditFilter, AuditLog, ChainFault, ChainHead, Origin};
pub use audited::{Audited, Change};
pub use constraints::Constraints;
pub use feature_flag::{FeatureFlag, FeatureFlagState};
pub use idempotency_receipt::{IdempotencyReceipt, NewIdempotencyReceipt};
pub use known::KnownSetting;
pub use setting::{NewSetting, Setting, SettingChanges, ValueType};
