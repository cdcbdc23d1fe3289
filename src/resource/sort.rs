//! `?sort=-created_at,name` against the keys a list offers.

use tenant_schema::resource::Order;
use utoipa::openapi::{
    Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
};

/// The keys a list can be sorted by, usually a fieldless enum.
///
/// ```
/// use rowhouse::resource::{Order, SortKey};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum UserSortKey {
///     CreatedAt,
///     Email,
/// }
///
/// impl SortKey for UserSortKey {
///     const KEYS: &'static [(&'static str, Self)] =
///         &[("created_at", Self::CreatedAt), ("email", Self::Email)];
///     const DEFAULT: &'static [Order<Self>] = &[Order::descending(Self::CreatedAt)];
/// }
/// ```
pub trait SortKey: Copy + PartialEq + 'static {
    /// Name in the query → key.
    const KEYS: &'static [(&'static str, Self)];
    /// The order of a list nobody asked to sort.
    const DEFAULT: &'static [Order<Self>];
}

/// Reads keys out of those of a list: `-created_at,name`. The error says which key is unknown or named twice.
pub(super) fn parse<K: Copy + PartialEq>(
    text: &str,
    keys: &[(&'static str, K)],
) -> Result<Vec<Order<K>>, String> {
    let mut orders: Vec<Order<K>> = Vec::new();
    for term in text.split(',') {
        let order = match term.strip_prefix('-') {
            Some(name) => Order::descending(find(name, keys)?),
            None => Order::ascending(find(term, keys)?),
        };
        if orders.iter().any(|other| other.key == order.key) {
            return Err(format!("names `{term}` twice"));
        }
        orders.push(order);
    }
    Ok(orders)
}

fn find<K: Copy>(name: &str, keys: &[(&'static str, K)]) -> Result<K, String> {
    let found = keys.iter().find(|(known, _)| *known == name);
    match found {
        Some((_, key)) => Ok(*key),
        None => Err(format!("has no key `{name}` (hint: use {})", names(keys))),
    }
}

fn names<K>(keys: &[(&'static str, K)]) -> String {
    let names: Vec<String> = keys.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

/// The parameter `sort` as the documentation shows it.
pub(super) fn parameter<K>(keys: &[(&'static str, K)]) -> Parameter {
    let description = format!(
        "Keys separated by commas, `-` in front for descending: {}.",
        names(keys)
    );
    ParameterBuilder::new()
        .name("sort")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

#[cfg(test)]
mod tests {
    use utoipa::IntoParams;

    use super::{Order, SortKey, parameter, parse};
    use crate::resource::PageRequest;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Key {
        Name,
        Age,
    }

    impl SortKey for Key {
        const KEYS: &'static [(&'static str, Self)] = &[("name", Self::Name), ("age", Self::Age)];
        const DEFAULT: &'static [Order<Self>] = &[Order::ascending(Self::Name)];
    }

    #[test]
    fn a_minus_turns_the_order_round() {
        assert_eq!(
            parse("-age,name", Key::KEYS).unwrap(),
            [Order::descending(Key::Age), Order::ascending(Key::Name)]
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_known_ones() {
        let message = parse("age,1; drop table users", Key::KEYS).unwrap_err();
        assert_eq!(
            message,
            "has no key `1; drop table users` (hint: use `name`, `age`)"
        );
    }

    #[test]
    fn a_key_counts_once() {
        assert!(parse("age,-age", Key::KEYS).is_err());
    }

    #[test]
    fn the_parameters_of_a_list_are_optional() {
        let page = PageRequest::into_params(|| None);
        let sort = vec![parameter(Key::KEYS)];
        let parameters = serde_json::to_value([page, sort].concat()).unwrap();
        for (parameter, name) in parameters
            .as_array()
            .unwrap()
            .iter()
            .zip(["page", "per_page", "sort"])
        {
            assert_eq!(parameter["name"], name);
            assert_eq!(parameter["in"], "query");
            assert_eq!(parameter["required"], false);
        }
    }
}
