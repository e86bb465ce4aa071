//! A list with a mark on one of its lines: moved, scrolled, filtered.

use super::PickKey;

/// Where in a list of which some lines are shown the mark stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PickList {
    /// What was typed to filter by.
    pub(super) filter: String,
    /// Whether it is being typed.
    pub(super) is_typing: bool,
    /// Which of the lines that are shown has the mark.
    pub(super) at: usize,
}

impl PickList {
    /// Whether a line with this text is shown.
    pub(super) fn shows(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let filter = self.filter.to_lowercase();
        let mut words = filter.split_whitespace();
        words.all(|word| text.contains(word))
    }

    /// Takes a key that moves the mark or changes the filter; `page` is how many lines are seen at once,
    /// `count` how many there are. Gives whether it was one.
    pub(super) fn take(&mut self, key: &PickKey, page: usize, count: usize) -> bool {
        let page = page.max(1);
        let last = count.saturating_sub(1);
        match key {
            PickKey::Up => self.at = self.at.saturating_sub(1),
            PickKey::Down => self.at = (self.at + 1).min(last),
            PickKey::PageUp => self.at = self.at.saturating_sub(page),
            PickKey::PageDown => self.at = (self.at + page).min(last),
            PickKey::Home => self.at = 0,
            PickKey::End => self.at = last,
            _ if self.is_typing => return self.typed(key),
            PickKey::Char('k') => self.at = self.at.saturating_sub(1),
            PickKey::Char('j') => self.at = (self.at + 1).min(last),
            PickKey::Char('/') => self.is_typing = true,
            _ => return false,
        }
        true
    }

    fn typed(&mut self, key: &PickKey) -> bool {
        match key {
            PickKey::Char(c) => self.filter.push(*c),
            PickKey::Pasted(text) => self.filter.push_str(text),
            PickKey::Back => {
                self.filter.pop();
            }
            PickKey::Clear => self.filter.clear(),
            PickKey::Enter => {
                self.is_typing = false;
                return true;
            }
            PickKey::Escape => {
                self.is_typing = false;
                self.filter.clear();
            }
            _ => return false,
        }
        // Other lines are shown now.
        self.at = 0;
        true
    }

    /// Puts the mark on a line that is there.
    pub(super) fn settle(&mut self, count: usize) {
        self.at = self.at.min(count.saturating_sub(1));
    }
}

/// Which lines are seen where so many fit: the mark is among them, in the middle where that can be.
pub(super) fn window(at: usize, count: usize, fit: usize) -> std::ops::Range<usize> {
    let fit = fit.max(1).min(count);
    let begin = at.saturating_sub(fit / 2).min(count.saturating_sub(fit));
    begin..begin + fit
}
