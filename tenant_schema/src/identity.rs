//! Who may do what in a tenant: users, their roles and permissions, and what they sign in with.

pub mod access;
pub mod admins;
pub mod api_key;
pub mod email_verification_token;
mod mailed_token;
pub mod password_reset_token;
pub mod permission;
pub mod role;
pub mod role_permission;
pub mod schedule;
pub mod team;
pub mod team_member;
pub mod user;
pub mod user_permission;
pub mod user_role;
pub mod user_session;

pub use access::{Access, OwnRule, Rules};
pub use admins::Admins;
pub use api_key::{ApiKey, NewApiKey};
pub use email_verification_token::EmailVerificationToken;
pub use password_reset_token::PasswordResetToken;
pub use permission::{NewPermission, Permission, PermissionFilter, PermissionSortKey};
pub use role::{GrantingRole, NewRole, Role, RoleChanges, RoleFilter, RoleSortKey};
pub use role_permission::RolePermission;
pub use schedule::Schedule;
pub use team::{NewTeam, Team, TeamChanges, TeamFilter, TeamSortKey};
pub use team_member::{Member, NewTeamMember, TeamMember};
pub use user::{NewUser, User, UserChanges, UserFilter, UserSortKey};
pub use user_permission::{Effect, NewUserPermission, UserPermission};
pub use user_role::UserRole;
pub use user_session::{EndReason, NewActingSession, NewUserSession, UserSession};
