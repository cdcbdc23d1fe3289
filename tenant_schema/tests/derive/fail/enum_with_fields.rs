use tenant_schema::TenantEnum;

#[derive(TenantEnum)]
enum Status {
    Open,
    Closed(String),
}

#[derive(TenantEnum)]
enum Nothing {}

#[derive(TenantEnum)]
struct Label {
    name: String,
}

fn main() {}
