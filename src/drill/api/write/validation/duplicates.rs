//! Fields that a JSON text has twice, which no parsed object can tell any more.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The paths of those fields; none if the text is no JSON.
pub(super) fn find(text: &[u8]) -> Vec<String> {
    let found = RefCell::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    match (Walk { path: String::new(), found: &found }).deserialize(&mut json) {
        Ok(()) => found.into_inner(),
        Err(_) => Vec::new(),
    }
}

/// A value that is looked through and forgotten.
struct Walk<'a> {
    path: String,
    found: &'a RefCell<Vec<String>>,
}

impl Walk<'_> {
    const fn to(&self, path: String) -> Self {
        Walk { path, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while items.next_element_seed(self.to(format!("{}[{index}]", self.path)))?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(field) = entries.next_key::<String>()? {
            let path = if self.path.is_empty() { field.clone() } else { format!("{}.{field}", self.path) };
            if !seen.insert(field) {
                self.found.borrow_mut().push(path.clone());
            }
            entries.next_value_seed(self.to(path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_there_twice_is_found() {
        let text = br#"{"a": 1, "b": [{"c": null}, {"c": 1.5, "d": true, "c": "x"}], "a": {"c": -1}}"#;
        assert_eq!(find(text), ["b[1].c", "a"]);
        assert_eq!(find(br#"{"a": 1, "a""#), Vec::<String>::new());
    }
}
