//! The secrets in a body, sealed before they are written.

use tenant_schema::resource::Input;
use uuid::Uuid;

use super::signed_in::SignedIn;
use crate::error::ApiError;
use crate::pepper::sealing::Place;

impl SignedIn {
    /// Seals the secrets of a body for the record of this kind and id, which is to keep them.
    ///
    /// # Errors
    /// `internal` as of [`Sealer::seal`](crate::pepper::sealing::Sealer::seal).
    pub fn seal<B: Input>(&self, kind: &'static str, id: Uuid, mut body: B) -> Result<B, ApiError> {
        let (sealer, tenant) = (&self.platform().sealer, &self.tenant().id);
        for (field, secret) in body.secrets() {
            let name = &format!("{id}.{field}");
            let place = Place { tenant, kind, name };
            let done = secret.seal(|text| sealer.seal(place, text));
            done.map_err(ApiError::internal)?;
        }
        Ok(body)
    }
}
