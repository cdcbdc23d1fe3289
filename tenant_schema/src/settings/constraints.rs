//! What values a setting takes, besides their type: ranges, lengths, a list. Checked when one is written.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::setting::ValueType;

/// Longest text, in characters.
pub const LONGEST_TEXT: u32 = 4_096;

/// Longest JSON, in bytes as it is written without spaces.
pub const LONGEST_JSON: usize = 16_384;

/// Most values that an enum has.
const MOST_VALUES: usize = 100;

/// Longest value of an enum, in characters.
const LONGEST_VALUE: usize = 200;

/// What a value must keep to. What is absent does not constrain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constraints {
    /// Of an integer: the smallest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Of an integer: the greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// Of a text: the fewest characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Of a text: the most characters, up to 4,096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Of an enum, which takes it: the values there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

impl Constraints {
    /// What is wrong with constraints on a setting of this type: fields, each with a sentence.
    pub fn faults(&self, of: ValueType) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut unless = |holds: bool, field, message: &str| {
            if !holds {
                faults.push((field, message.to_owned()));
            }
        };
        let (is_integer, is_text) = (of == ValueType::Integer, of == ValueType::String);
        let alone = "is for integers alone";
        unless(is_integer || self.minimum.is_none(), "minimum", alone);
        unless(is_integer || self.maximum.is_none(), "maximum", alone);
        let alone = "is for strings alone";
        unless(is_text || self.min_length.is_none(), "min_length", alone);
        unless(is_text || self.max_length.is_none(), "max_length", alone);
        let is_reversed = |low: Option<i64>, high: Option<i64>| {
            low.zip(high).is_some_and(|(low, high)| low > high)
        };
        let above = "must not be below the minimum";
        unless(!is_reversed(self.minimum, self.maximum), "maximum", above);
        let (shortest, longest) = (
            self.min_length.map(i64::from),
            self.max_length.map(i64::from),
        );
        let above = "must not be below `min_length`";
        unless(!is_reversed(shortest, longest), "max_length", above);
        for (field, length) in [
            ("min_length", self.min_length),
            ("max_length", self.max_length),
        ] {
            let fits = length.is_none_or(|length| length <= LONGEST_TEXT);
            unless(fits, field, "must be at most 4096");
        }
        unless(self.has_fitting_values(of), "values", VALUES);
        faults
    }

    fn has_fitting_values(&self, of: ValueType) -> bool {
        match (&self.values, of) {
            (None, ValueType::Enum) => false,
            (None, _) => true,
            (Some(values), ValueType::Enum) => {
                let mut sorted: Vec<&String> = values.iter().collect();
                sorted.sort_unstable();
                sorted.dedup();
                let fits = |value: &String| (1..=LONGEST_VALUE).contains(&value.chars().count());
                (1..=MOST_VALUES).contains(&values.len())
                    && sorted.len() == values.len()
                    && values.iter().all(fits)
            }
            (Some(_), _) => false,
        }
    }

    /// Checks a value of a setting of this type.
    ///
    /// # Errors
    /// What is wrong with it: the end of a sentence that begins with its name.
    pub fn check(&self, value_type: ValueType, value: &Value) -> Result<(), String> {
        match value_type {
            ValueType::String => self.check_text(value),
            ValueType::Integer => self.check_integer(value),
            ValueType::Boolean if value.is_boolean() => Ok(()),
            ValueType::Boolean => Err("must be `true` or `false`".to_owned()),
            ValueType::Enum => self.check_enum(value),
            ValueType::Json if value.to_string().len() <= LONGEST_JSON => Ok(()),
            ValueType::Json => Err(format!("must be at most {LONGEST_JSON} bytes of JSON")),
        }
    }

    fn check_text(&self, value: &Value) -> Result<(), String> {
        let Value::String(text) = value else {
            return Err("must be a string".to_owned());
        };
        let shortest = self.min_length.unwrap_or(0);
        let longest = self.max_length.unwrap_or(LONGEST_TEXT);
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        if (shortest..=longest).contains(&length) {
            return Ok(());
        }
        Err(format!("must be {shortest} to {longest} characters"))
    }

    fn check_integer(&self, value: &Value) -> Result<(), String> {
        let Some(number) = value.as_i64() else {
            return Err("must be a whole number of 64 bits".to_owned());
        };
        let least = self.minimum.unwrap_or(i64::MIN);
        let most = self.maximum.unwrap_or(i64::MAX);
        if (least..=most).contains(&number) {
            return Ok(());
        }
        Err(match (self.minimum, self.maximum) {
            (Some(least), Some(most)) => format!("must be from {least} to {most}"),
            (_, Some(most)) => format!("must be at most {most}"),
            _ => format!("must be at least {least}"),
        })
    }

    fn check_enum(&self, value: &Value) -> Result<(), String> {
        let values = self.values.as_deref().unwrap_or_default();
        let text = value.as_str();
        if text.is_some_and(|text| values.iter().any(|value| value == text)) {
            return Ok(());
        }
        Err(format!("must be one of `{}`", values.join("`, `")))
    }
}

/// What the values of an enum must be, and those of other types must not.
const VALUES: &str = "must be 1 to 100 different texts of 1 to 200 characters for an enum, and absent for other types";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_of_its_type_and_within_its_constraints() {
        let range = Constraints {
            minimum: Some(1),
            maximum: Some(3),
            ..Constraints::default()
        };
        let length = Constraints {
            min_length: Some(2),
            max_length: Some(3),
            ..Constraints::default()
        };
        let list = Constraints {
            values: Some(vec!["a".to_owned(), "b".to_owned()]),
            ..Constraints::default()
        };
        let free = Constraints::default();
        for (constraints, value_type, value, fits) in [
            (&range, ValueType::Integer, json!(3), true),
            (&range, ValueType::Integer, json!(0), false),
            (&range, ValueType::Integer, json!(4), false),
            (&range, ValueType::Integer, json!(2.0), false),
            (&range, ValueType::Integer, json!("2"), false),
            (&free, ValueType::Integer, json!(u64::MAX), false),
            (&length, ValueType::String, json!("äöü"), true),
            (&length, ValueType::String, json!("a"), false),
            (&length, ValueType::String, json!("abcd"), false),
            (&length, ValueType::String, json!(12), false),
            (&free, ValueType::String, json!("x".repeat(4_097)), false),
            (&free, ValueType::Boolean, json!(true), true),
            (&free, ValueType::Boolean, json!("true"), false),
            (&free, ValueType::Boolean, json!(null), false),
            (&list, ValueType::Enum, json!("b"), true),
            (&list, ValueType::Enum, json!("c"), false),
            (&list, ValueType::Enum, json!(["a"]), false),
            (&free, ValueType::Json, json!({ "a": [null] }), true),
            (&free, ValueType::Json, json!("x".repeat(16_384)), false),
        ] {
            let checked = constraints.check(value_type, &value);
            assert_eq!(checked.is_ok(), fits, "{value_type:?} {value}: {checked:?}");
        }
    }

    #[test]
    fn constraints_belong_to_a_type_and_do_not_contradict_themselves() {
        let fields = |constraints: Value, value_type| {
            let constraints: Constraints = serde_json::from_value(constraints).unwrap();
            let faults = constraints.faults(value_type).into_iter();
            faults.map(|(field, _)| field).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(
            fields(json!({ "minimum": 1, "maximum": 1 }), ValueType::Integer),
            none
        );
        assert_eq!(
            fields(json!({ "minimum": 2, "maximum": 1 }), ValueType::Integer),
            ["maximum"]
        );
        assert_eq!(
            fields(json!({ "minimum": 2 }), ValueType::String),
            ["minimum"]
        );
        assert_eq!(
            fields(json!({ "max_length": 2 }), ValueType::Json),
            ["max_length"]
        );
        assert_eq!(
            fields(json!({ "max_length": 4097 }), ValueType::String),
            ["max_length"]
        );
        assert_eq!(
            fields(
                json!({ "min_length": 3, "max_length": 2 }),
                ValueType::String
            ),
            ["max_length"]
        );
        for values in [
            json!({}),
            json!({ "values": [] }),
            json!({ "values": ["a", "a"] }),
            json!({ "values": [""] }),
        ] {
            assert_eq!(fields(values, ValueType::Enum), ["values"]);
        }
        assert_eq!(fields(json!({ "values": ["a"] }), ValueType::Enum), none);
        assert_eq!(
            fields(json!({ "values": ["a"] }), ValueType::Boolean),
            ["values"]
        );
    }
}
