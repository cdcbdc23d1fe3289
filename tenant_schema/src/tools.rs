//! What people of a tenant work with: notes, calls, events, reviews, carbon footprints, channels, attachments.

pub mod attachment;
pub mod attachment_version;
pub mod carbon_footprint;
pub mod channel_config;
pub mod event;
pub mod log_call;
pub mod note;
pub mod review;

pub use self::attachment::{
    Attachment, AttachmentChanges, AttachmentFilter, AttachmentSortKey, NewAttachment,
};
pub use self::attachment_version::{AttachmentVersion, StoredContent};
pub use self::carbon_footprint::{CarbonFootprint, CarbonSum, Period, SummaryFilter};
pub use self::channel_config::ChannelConfig;
pub use self::event::Event;
pub use self::log_call::LogCall;
pub use self::note::Note;
pub use self::review::Review;
