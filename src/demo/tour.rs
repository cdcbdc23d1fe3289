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
    let password = |wanted: &str| {
        let entry = credentials
            .entries()
            .iter()
            .find(|(name, _)| *name == wanted);
        entry.map_or("", |(_, password)| password.expose_secret())
    };
    writeln!(
        out,
        "Rowhouse demo on {base} (documentation: {base}/docs)\n"
    )?;
    if let Some(server) = platform.database.embedded() {
        writeln!(out, "  data           {}", server.root().display())?;
    }
    writeln!(out, "  passwords      {}", credentials.file().display())?;
    writeln!(
        out,
        "  system admin   {SYSTEM_ADMIN}  {}",
        password("ADMIN_PASSWORD")
    )?;
    writeln!(out, "  acme           alice  {}", password("ACME_PASSWORD"))?;
    writeln!(
        out,
        "  globex         alice  {}\n",
        password("GLOBEX_PASSWORD")
    )?;
    writeln!(out, "Log in as acme's alice and list her colleagues:\n")?;
    writeln!(
        out,
        "  TOKEN=$(curl -s {base}/api/v1/tenants/acme/auth/login -H 'Content-Type: application/json' \\"
    )?;
    writeln!(
        out,
        "    -d '{{\"username\":\"alice\",\"password\":\"{}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
        password("ACME_PASSWORD")
    )?;
    writeln!(
        out,
        "  curl -s {base}/api/v1/tenants/acme/users -H \"Authorization: Bearer $TOKEN\"\n"
    )?;
    writeln!(
        out,
        "The same by header, and at globex, where the token is refused with 401:\n"
    )?;
    writeln!(
        out,
        "  curl -s {base}/api/v1/users -H 'X-Tenant-ID: acme' -H \"Authorization: Bearer $TOKEN\""
    )?;
    writeln!(
        out,
        "  curl -s {base}/api/v1/tenants/globex/users -H \"Authorization: Bearer $TOKEN\"\n"
    )?;
    out.flush()?;
    Ok(())
}
