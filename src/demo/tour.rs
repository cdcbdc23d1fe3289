//! What the demo prints: the credentials, and a tour by `curl` that works as printed.

use std::io::Write;
use std::net::SocketAddr;

use secrecy::ExposeSecret;

use super::SYSTEM_ADMIN;
use super::credentials::Credentials;
use crate::platform::Platform;

/// Prints credentials and tour.
///
/// # Errors
/// A closed `out`.
pub(super) fn print(
    address: SocketAddr,
    platform: &Platform,
    credentials: &Credentials,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let base = format!("http://{address}");
    let api = format!("{base}/api/v1");
    let passwords = [&credentials.admin, &credentials.acme, &credentials.globex];
    let [admin, acme, globex] = passwords.map(ExposeSecret::expose_secret);
    let file = credentials.file().display();
    let database = platform.database.embedded().map_or_else(
        || platform.database.connector().address(),
        |server| server.root().display().to_string(),
    );
    write!(
        out,
        r#"Rowhouse demo on {base} (documentation: {base}/docs)

  database       {database}
  passwords      {file}
  system admin   {SYSTEM_ADMIN}  {admin}
  acme           alice  {acme}
  globex         alice  {globex}

Log in as acme's alice and list her colleagues:

  TOKEN=$(curl -s {api}/tenants/acme/auth/login -H 'Content-Type: application/json' \
    -d '{{"username":"alice","password":"{acme}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s -w '\n' {api}/tenants/acme/users -H "Authorization: Bearer $TOKEN"

The same by header, and at globex, where the token is refused with 401:

  curl -s -w '\n' {api}/users -H 'X-Tenant-ID: acme' -H "Authorization: Bearer $TOKEN"
  curl -s -w '\n' {api}/tenants/globex/users -H "Authorization: Bearer $TOKEN"

"#
    )?;
    Ok(out.flush()?)
}
