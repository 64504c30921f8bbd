//! Lines out of the parts of a body.

use crate::watch::decode::Undecodable;
use crate::watch::failure::Failure;

/// No object is that large; a line beyond it is no event.
const LIMIT: usize = 16 << 20;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes a part and hands each whole line to `each`; what is left of a line waits for the next part.
    pub(super) fn feed(
        &mut self,
        mut part: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        while let Some(end) = part.iter().position(|b| *b == b'\n') {
            let (line, after) = part.split_at(end);
            part = after.get(1..).unwrap_or_default();
            if self.rest.is_empty() {
                give(line, &mut each)?;
            } else {
                self.rest.extend_from_slice(line);
                let whole = std::mem::take(&mut self.rest);
                give(&whole, &mut each)?;
            }
        }
        if self.rest.len() + part.len() > LIMIT {
            return Err(Failure::Garbled(Undecodable::Other("an event of more than 16 MiB".to_owned())));
        }
        self.rest.extend_from_slice(part);
        Ok(())
    }
}

fn give(line: &[u8], each: &mut impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    if line.iter().all(u8::is_ascii_whitespace) { Ok(()) } else { each(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_cut(text in "[a-z\n]{0,60}", cut in 1_usize..9) {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for part in text.as_bytes().chunks(cut) {
                let each = |line: &[u8]| {
                    found.push(String::from_utf8_lossy(line).into_owned());
                    Ok(())
                };
                lines.feed(part, each).expect("short lines");
            }
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let expected: Vec<_> = whole.split('\n').filter(|l| !l.is_empty()).map(str::to_owned).collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
