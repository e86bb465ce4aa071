//! The table of fields as JSON Schema (draft-07), for editors and validators.
//!
//! It says what [`ParamKind`] judges by, as far as JSON Schema can: whether a regular expression is one,
//! whether two pools have one name and in which org a link stays cannot be said in it. What the table
//! does not know it refuses, as `validate --strict` does; what another tool has yet to fill in
//! ([`crate::placeholder`]) it takes for whatever it will be, as `validate` does.

use super::CLUSTER;
use crate::addon::{Addon, CATALOG, Param, ParamKind};
use crate::cluster;
use serde_json::{Map, Value, json};

/// The schema of a manifest. What is no cluster is right by it, so that files with other kinds stay
/// green; lists are looked into.
pub(crate) fn manifest() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Control Plane manifest",
        "description": format!("Clusters as mk8s {} knows them", env!("CARGO_PKG_VERSION")),
        "if": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"const": cluster::KIND}},
        },
        "then": {"$ref": "#/definitions/cluster"},
        "else": {
            "if": {
                "type": "object",
                "required": ["kind", "items"],
                "properties": {"kind": {"enum": ["list", "queryresult"]}, "items": {}},
            },
            "then": {
                "type": "object",
                "properties": {"items": {"type": "array", "items": {"$ref": "#"}}},
            },
            "else": {
                "if": {"type": "array"},
                "then": {"type": "array", "items": {"$ref": "#"}},
            },
        },
        "definitions": {"cluster": object(CLUSTER), "placeholder": placeholder()},
    })
}

/// The schema of the settings of an add-on.
pub(crate) fn settings(addon: &Addon) -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("settings of {}", addon.name),
        "description": addon.summary,
    });
    join(&mut schema, object(addon.params));
    schema["definitions"] = json!({"placeholder": placeholder()});
    schema
}

/// A text in which another tool has yet to fill something in.
fn placeholder() -> Value {
    let word = format!("((?!\\$\\{{|\\{{\\{{|<%|ENC\\[)[^{BLANK}])*");
    let form =
        "(\\$\\{[^}]+\\}|\\{\\{((?!\\}\\})[\\s\\S])+\\}\\}|<%((?!%>)[\\s\\S])+%>|ENC\\[[^\\]]+\\])";
    let pattern = format!("\\$[A-Za-z_][A-Za-z0-9_]*|{word}({form}{word})+");
    json!({
        "description": "filled in later, by another tool",
        "type": "string",
        "pattern": whole(&pattern),
    })
}

/// The schema of a value, or of what stands for one until another tool has filled it in.
fn or_placeholder(schema: Value) -> Value {
    let takes_any_text = |schema: &Value| {
        let is_text = match &schema["type"] {
            Value::String(one) => one == "string",
            Value::Array(several) => several.contains(&json!("string")),
            _ => true,
        };
        is_text && schema.get("pattern").is_none() && schema.get("enum").is_none()
    };
    if takes_any_text(&schema) && schema.get("maxLength").is_none() {
        return schema;
    }
    json!({"anyOf": [schema, {"$ref": "#/definitions/placeholder"}]})
}

/// An object with these fields, those that are required among them.
fn object(params: &[Param]) -> Value {
    let required: Vec<&str> = params
        .iter()
        .filter(|param| param.required)
        .map(|param| param.field)
        .collect();
    let mut object = fields(params, true);
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// An object with no other fields than these. `insists` keeps `null` from those that are required.
fn fields(params: &[Param], insists: bool) -> Value {
    let properties: Map<String, Value> = params
        .iter()
        .map(|param| {
            let schema = if param.required && insists {
                and_not_null(of(param.kind))
            } else {
                or_null(of(param.kind))
            };
            let mut schema = or_placeholder(schema);
            join(&mut schema, described(param));
            (param.field.to_owned(), schema)
        })
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What an editor shows of a field.
fn described(param: &Param) -> Value {
    let mut shown = json!({"description": param.summary});
    if let Some(default) = param.default.and_then(|text| param.kind.parse(text).ok()) {
        shown["default"] = default;
    }
    shown
}

fn join(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

/// A `null` says that nothing is there.
fn or_null(mut schema: Value) -> Value {
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(one) if one.is_string() => *one = json!([one, "null"]),
        Some(Value::Array(several)) if !several.contains(&json!("null")) => {
            several.push(json!("null"));
        }
        _ => {}
    }
    schema
}

/// The same for what has to be there, where the kind leaves the type open.
fn and_not_null(mut schema: Value) -> Value {
    if schema.get("type").is_none() {
        schema["type"] = json!(["object", "array", "string", "number", "boolean"]);
    }
    schema
}

/// The schema of a value of a kind.
fn of(kind: ParamKind) -> Value {
    match kind {
        ParamKind::Any => json!({}),
        ParamKind::AnyText => json!({"type": "string"}),
        ParamKind::Text | ParamKind::Regex => json!({"type": "string", "minLength": 1}),
        ParamKind::Bool => json!({"type": "boolean"}),
        ParamKind::Whole(least, most) => json!({
            "type": "integer",
            "minimum": least,
            "maximum": most.min(ParamKind::EXACT),
        }),
        ParamKind::Number => json!({"type": "number", "minimum": 0}),
        ParamKind::Word(words) | ParamKind::Release(words) => {
            json!({"type": "string", "enum": words})
        }
        ParamKind::Name => json!({
            "type": "string",
            "minLength": 2,
            "maxLength": 63,
            "pattern": whole("[a-z][a-z0-9-]*[a-z0-9]"),
        }),
        ParamKind::Line(most) => json!({
            "type": "string",
            "maxLength": most,
            "pattern": whole(&format!("([^{BLANK}]([\\s\\S]*[^{BLANK}])?)?")),
        }),
        ParamKind::List(item) => json!({"type": "array", "items": or_placeholder(of(*item))}),
        ParamKind::Named(fields) => {
            json!({"type": "array", "items": or_placeholder(object(fields))})
        }
        ParamKind::Map(value) => {
            json!({"type": "object", "additionalProperties": or_placeholder(or_null(of(*value)))})
        }
        ParamKind::Scalars(most) => json!({
            "type": "object",
            "maxProperties": most,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        }),
        ParamKind::Object(fields) => object(fields),
        ParamKind::One(fields) => one(fields),
        ParamKind::AddOns => add_ons(),
        ParamKind::RoleArn
        | ParamKind::Link(_)
        | ParamKind::Uuid
        | ParamKind::Url
        | ParamKind::Registry
        | ParamKind::Ipv4
        | ParamKind::Quantity
        | ParamKind::Cidr => json!({"type": "string", "pattern": whole(&pattern(kind))}),
    }
}

/// Exactly one of the fields is there.
fn one(params: &[Param]) -> Value {
    let each: Vec<Value> = params
        .iter()
        .map(|param| {
            json!({
                "required": [param.field],
                // A text is judged below: it may be filled in later.
                "properties": {param.field: {"type": ["object", "string"]}},
            })
        })
        .collect();
    let mut schema = fields(params, false);
    schema["oneOf"] = json!(each);
    schema
}

fn add_ons() -> Value {
    let properties: Map<String, Value> = CATALOG
        .iter()
        .map(|addon| {
            // A text there is off, whatever it will be.
            let mut schema = or_null(object(addon.params));
            join(&mut schema, json!({"description": addon.summary}));
            (addon.key.to_owned(), schema)
        })
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What Rust takes for blanks; `\s` means something else to every reader of patterns.
const BLANK: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// A pattern for the whole of a text. `$` alone lets some readers pass a line end behind it.
fn whole(pattern: &str) -> String {
    format!("^({pattern})$(?!\\n)")
}

const LABEL: &str = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
const BYTE: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const PORT: &str =
    "0*([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// What a text of a kind is made of.
fn pattern(kind: ParamKind) -> String {
    match kind {
        // The part before the last slash has at most 510 characters, and no slash follows another.
        ParamKind::RoleArn => "arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/\
                               (?!.{511,}/)([!-.0-~]+/)*[A-Za-z0-9+=,.@_-]{1,64}"
            .to_owned(),
        ParamKind::Link(kind) => format!("(/|/org/[^/]+)/{kind}/[A-Za-z0-9._-]+"),
        ParamKind::Uuid => "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}".to_owned(),
        ParamKind::Url => format!(
            "https?://([!\"$-.0->A-~]*@)?([A-Za-z0-9._-]+|\\[({})\\])(:{PORT})?([/?#][!-~]*)?",
            ipv6()
        ),
        ParamKind::Registry => format!("\\*|{LABEL}(\\.{LABEL})*(:{PORT})?"),
        ParamKind::Ipv4 => ipv4(),
        ParamKind::Quantity => {
            "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?"
                .to_owned()
        }
        ParamKind::Cidr => format!(
            "{}(/([0-9]|[12][0-9]|3[0-2]))?|({})(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?",
            ipv4(),
            ipv6()
        ),
        _ => String::new(),
    }
}

fn ipv4() -> String {
    format!("{BYTE}(\\.{BYTE}){{3}}")
}

/// Eight groups, the last two perhaps as IPv4; or fewer around a gap that stands for one or more.
fn ipv6() -> String {
    const GROUP: &str = "[0-9A-Fa-f]{1,4}";
    let v4 = ipv4();
    let mut forms = vec![
        format!("({GROUP}:){{7}}{GROUP}"),
        format!("({GROUP}:){{6}}{v4}"),
    ];
    for before in 0..=7 {
        let head = match before {
            0 => String::new(),
            groups => format!("({GROUP}:){{{}}}{GROUP}", groups - 1),
        };
        let tail = match 7 - before {
            0 => String::new(),
            1 => format!("({GROUP})?"),
            left => format!(
                "(({GROUP}:){{0,{}}}{GROUP}|({GROUP}:){{0,{}}}{v4})?",
                left - 1,
                left - 2
            ),
        };
        forms.push(format!("{head}::{tail}"));
    }
    forms.join("|")
}
