//! Login roles: under which role of the server the connections that serve a tenant are opened.
//!
//! PostgreSQL lets a session take the roles that its login role is a member of. Up to version 16 it gathers them in a list
//! without an index, again after every change of any membership (`roles_is_member_of` in `acl.c`), so that one login role
//! for many thousands of tenants makes each new tenant dear. Dealt to several, each has a short list.

use std::fmt;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::login_roles;
use crate::tenant_id::ALPHABET;
use crate::{PlatformConn, TenantId};

/// Most login roles that tenants can be dealt to.
pub const MOST_LOGIN_ROLES: u16 = 1024;

/// 0 is the role of `DATABASE_URL`, the others are those of [`LoginRole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginRoleNumber(u16);

impl LoginRoleNumber {
    /// The role of `DATABASE_URL`, which owns the platform and the schemas.
    pub const PLATFORM: Self = Self(0);

    /// The login role of a tenant where there are `count`; that of the platform where there are none.
    ///
    /// It follows from the id alone, so that no lease has to ask for it.
    pub fn of(tenant: &TenantId, count: u16) -> Self {
        match tenant.lot().checked_rem(count) {
            Some(place) => Self(place + 1),
            None => Self::PLATFORM,
        }
    }

    /// The same in SQL: the number for the id in the column `id`, which is null where `count`, an expression, is 0.
    pub fn sql(id: &str, count: &str) -> String {
        let value = |place: u8| format!("(strpos('{ALPHABET}', substr({id}, {place}, 1)) - 1)");
        let (first, second, third) = (value(10), value(11), value(12));
        format!("1 + (({first} * 32 + {second}) * 32 + {third}) % nullif({count}, 0)")
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The last of `count`; the platform's where there are none.
    pub fn last_of(count: u16) -> Self {
        Self(count)
    }
}

/// A login role beside that of the platform, and how to log in as it.
#[derive(Clone, PartialEq, Eq, HasQuery, Identifiable, Insertable)]
#[diesel(table_name = login_roles, primary_key(number), check_for_backend(Pg))]
pub struct LoginRole {
    /// Place in the deal, from 1.
    pub number: i16,
    /// Name of the role.
    pub name: String,
    /// What the platform logs in with.
    pub password: String,
}

impl LoginRole {
    /// All of them, by number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        Self::query()
            .order(login_roles::number)
            .load(&mut conn)
            .await
    }

    /// Keeps a new one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::insert_into(login_roles::table)
            .values(self)
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Forgets it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::delete(self).execute(&mut conn).await.map(drop)
    }
}

impl fmt::Debug for LoginRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LoginRole")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_tenant_keeps_its_login_role() {
        let tenant: TenantId = "0zzzzzzzz010".parse().unwrap();
        assert_eq!(LoginRoleNumber::of(&tenant, 0), LoginRoleNumber::PLATFORM);
        assert_eq!(LoginRoleNumber::of(&tenant, 1).number(), 1);
        assert_eq!(LoginRoleNumber::of(&tenant, 64).number(), 33);
    }

    #[test]
    fn tenants_are_dealt_evenly() {
        let mut dealt: HashMap<LoginRoleNumber, u32> = HashMap::new();
        for _ in 0..20_000 {
            *dealt
                .entry(LoginRoleNumber::of(&TenantId::generate(), 64))
                .or_default() += 1;
        }
        // 312 on average, with a deviation of 18.
        assert_eq!(dealt.len(), 64);
        assert!(dealt.values().all(|tenants| (200..425).contains(tenants)));
    }
}
