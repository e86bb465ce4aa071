//! From the bytes that a terminal sends to keys.

/// A key, or what was pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PickKey {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Tab,
    BackTab,
    /// Takes away the last character.
    Back,
    /// Takes away all that was typed.
    Clear,
    /// Draws all again.
    Redraw,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D, and a terminal that is gone.
    Closed,
    Char(char),
    /// Several characters at once, line ends left out.
    Pasted(String),
    /// One that means nothing here.
    Other,
}

const ESCAPE: u8 = 0x1b;
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// What is pasted is a value of a setting; nobody means more than this.
const LONGEST_PASTE: usize = 64 * 1024;

/// Puts keys together from what comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct KeyReader {
    /// What is not yet a key.
    open: Vec<u8>,
    /// What was pasted so far.
    pasted: Option<Vec<u8>>,
}

impl KeyReader {
    /// The keys that are complete with these bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<PickKey> {
        let mut keys = Vec::new();
        for &byte in bytes {
            if self.pasted.is_some() {
                keys.extend(self.paste(byte));
                continue;
            }
            self.open.push(byte);
            self.take(&mut keys);
        }
        keys
    }

    /// Whether a key has begun: an Escape alone is one only if nothing follows soon.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// What it is if nothing follows.
    pub(crate) fn close(&mut self) -> Vec<PickKey> {
        let open = std::mem::take(&mut self.open);
        match open.as_slice() {
            [] => Vec::new(),
            [ESCAPE] => vec![PickKey::Escape],
            [ESCAPE, b'[' | b'O'] => {
                vec![PickKey::Escape, PickKey::Char(char::from(open[1]))]
            }
            _ => vec![PickKey::Other],
        }
    }

    fn paste(&mut self, byte: u8) -> Option<PickKey> {
        let pasted = self.pasted.as_mut()?;
        pasted.push(byte);
        if !pasted.ends_with(PASTE_ENDS) {
            if pasted.len() > LONGEST_PASTE {
                pasted.drain(..LONGEST_PASTE / 2);
            }
            return None;
        }
        pasted.truncate(pasted.len() - PASTE_ENDS.len());
        let text = String::from_utf8_lossy(pasted);
        let text = text.chars().filter(|c| !c.is_control()).collect();
        self.pasted = None;
        Some(PickKey::Pasted(text))
    }

    /// Takes the keys off that have come to an end.
    fn take(&mut self, keys: &mut Vec<PickKey>) {
        match self.open.as_slice() {
            [ESCAPE] | [ESCAPE, b'[' | b'O'] => {}
            [ESCAPE, b'[', .., last] if (0x40..=0x7e).contains(last) => {
                if self.open == b"\x1b[200~" {
                    self.pasted = Some(Vec::new());
                } else {
                    keys.push(sequence(&self.open[2..]));
                }
                self.open.clear();
            }
            // No sequence of a key is as long.
            [ESCAPE, b'[', ..] if self.open.len() < 32 => {}
            [ESCAPE, b'[', ..] => {
                keys.push(PickKey::Other);
                self.open.clear();
            }
            [ESCAPE, b'O', last] => {
                keys.push(sequence(&[*last]));
                self.open.clear();
            }
            [ESCAPE, ..] => {
                // What follows an Escape at once is a key of its own.
                keys.push(PickKey::Escape);
                let rest = self.open.split_off(1);
                self.open.clear();
                for byte in rest {
                    self.open.push(byte);
                    self.take(keys);
                }
            }
            bytes => {
                if let Some(key) = plain(bytes) {
                    keys.push(key);
                    self.open.clear();
                }
            }
        }
    }
}

/// The key of a control sequence, without what begins it.
fn sequence(rest: &[u8]) -> PickKey {
    match rest {
        b"A" => PickKey::Up,
        b"B" => PickKey::Down,
        b"H" | b"1~" | b"7~" => PickKey::Home,
        b"F" | b"4~" | b"8~" => PickKey::End,
        b"5~" => PickKey::PageUp,
        b"6~" => PickKey::PageDown,
        b"3~" => PickKey::Back,
        b"Z" => PickKey::BackTab,
        b"M" => PickKey::Enter,
        _ => PickKey::Other,
    }
}

/// The key of a character; `None` if it is not complete.
fn plain(bytes: &[u8]) -> Option<PickKey> {
    let key = match bytes {
        [b'\r' | b'\n'] => PickKey::Enter,
        [b'\t'] => PickKey::Tab,
        [0x7f | 0x08] => PickKey::Back,
        // Ctrl-C and Ctrl-\.
        [0x03 | 0x1c] => PickKey::Interrupt,
        [0x04] => PickKey::Closed,
        [0x0c] => PickKey::Redraw,
        [0x0e] => PickKey::Down,
        [0x10] => PickKey::Up,
        [0x15] => PickKey::Clear,
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => match text.chars().next() {
                Some(c) if !c.is_control() => PickKey::Char(c),
                _ => PickKey::Other,
            },
            Err(error) if error.error_len().is_none() => return None,
            Err(_) => PickKey::Other,
        },
    };
    Some(key)
}
