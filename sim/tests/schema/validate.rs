//! As much of JSON schema as ours uses: enough to hold the built-in scenarios against it.

use serde_json::Value;

/// What is wrong with `value`, with its path; `None` if nothing is.
pub(crate) fn wrong(schema: &Value, value: &Value, path: &str) -> Option<String> {
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = any.iter().any(|schema| wrong(schema, value, path).is_none());
        return (!fits).then(|| format!("{path}: none of the alternatives fits {value}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return (!words.contains(value)).then(|| format!("{path}: {value} is not one of {words:?}"));
    }
    if let Some(constant) = schema.get("const") {
        return (constant != value).then(|| format!("{path}: {value} is not {constant}"));
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => object(schema, value, path),
        Some("array") => {
            let Some(items) = value.as_array() else { return Some(format!("{path}: not a list")) };
            let of = schema.get("items")?;
            items
                .iter()
                .enumerate()
                .find_map(|(index, item)| wrong(of, item, &format!("{path}.{}", index + 1)))
        }
        Some("string") => string(schema, value, path),
        Some("integer") => {
            let Some(number) = value.as_u64() else { return Some(format!("{path}: not a whole number")) };
            let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
            let fits = bound("minimum").is_none_or(|least| least <= number)
                && bound("maximum").is_none_or(|most| number <= most);
            (!fits).then(|| format!("{path}: {number} is out of range"))
        }
        Some("boolean") => (!value.is_boolean()).then(|| format!("{path}: neither true nor false")),
        _ => None,
    }
}

fn object(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let Some(object) = value.as_object() else { return Some(format!("{path}: not a table")) };
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    if let Some(missing) = required.filter_map(Value::as_str).find(|key| !object.contains_key(*key)) {
        return Some(format!("{path}: {missing} is missing"));
    }
    object.iter().find_map(|(key, value)| {
        let path = format!("{path}.{key}");
        match properties {
            None => None,
            Some(properties) => match properties.get(key) {
                Some(schema) => wrong(schema, value, &path),
                None => Some(format!("{path}: no such key")),
            },
        }
    })
}

fn string(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let Some(text) = value.as_str() else { return Some(format!("{path}: not a string")) };
    schema.get("pattern")?;
    // The only pattern of ours: a duration.
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let fits = unit.len() < text.len() && ["us", "ms", "s", "m", "h"].contains(&unit);
    (!fits).then(|| format!("{path}: \"{text}\" is no duration"))
}
