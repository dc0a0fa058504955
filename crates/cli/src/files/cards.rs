//! The cards of FITS headers: lines of 80 characters with a key, a value and a comment.

/// A card.
pub type Card = [u8; 80];

/// Headers and data are filled up to multiples of this.
pub const BLOCK: usize = 2880;

/// The key of a card.
pub fn key(card: &Card) -> String {
    String::from_utf8_lossy(&card[..8]).trim_end().to_string()
}

/// Where the card `END` is in a block, if it is there.
pub fn end(block: &[u8]) -> Option<usize> {
    block.as_chunks::<80>().0.iter().position(|card| key(card) == "END").map(|index| 80 * index)
}

/// The card with this key.
pub fn find<'c>(cards: &'c [Card], wanted: &str) -> Option<&'c Card> {
    cards.iter().find(|card| key(card) == wanted)
}

/// The value of a card and what follows it.
fn value(card: &Card) -> Option<(String, String)> {
    if &card[8..10] != b"= " {
        return None;
    }
    let text = String::from_utf8_lossy(&card[10..]).to_string();
    // A slash in a text is no comment.
    let mut quoted = false;
    let slash = text.char_indices().find(|(_, char)| {
        quoted ^= *char == '\'';
        *char == '/' && !quoted
    });
    let (value, comment) = text.split_at(slash.map_or(text.len(), |(at, _)| at));
    Some((value.trim().to_string(), comment.trim_end().to_string()))
}

/// The number that a card has.
pub fn number(cards: &[Card], wanted: &str) -> Option<f64> {
    // Exponents may be those of Fortran.
    find(cards, wanted).and_then(value)?.0.replace(['D', 'd'], "E").parse().ok()
}

/// The text that a card has.
pub fn text(cards: &[Card], wanted: &str) -> Option<String> {
    let (value, _) = find(cards, wanted).and_then(value)?;
    Some(value.strip_prefix('\'')?.strip_suffix('\'')?.to_string())
}

/// A float as a card has it.
pub fn float(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.1}") } else { format!("{value:E}") }
}

/// A card with a value and what follows it.
pub fn card(key: &str, value: Option<(&str, &str)>) -> Card {
    let text = match value {
        None => key.to_string(),
        Some((value, comment)) => format!("{key:<8}= {value:>20} {comment}"),
    };
    let mut card = [b' '; 80];
    for (to, byte) in card.iter_mut().zip(text.bytes()) {
        *to = byte;
    }
    card
}

/// Gives a card a value; a new one comes after the one with the key `after`, or else last.
pub fn set(cards: &mut Vec<Card>, wanted: &str, new: &str, after: Option<&str>) {
    let place = cards.iter().position(|card| key(card) == wanted);
    let comment = place.and_then(|place| value(&cards[place])).map_or(String::new(), |(_, comment)| comment);
    let card = card(wanted, Some((new, &comment)));
    match place {
        Some(place) => cards[place] = card,
        None => {
            let after = after.and_then(|after| cards.iter().position(|card| key(card) == after));
            cards.insert(after.map_or(cards.len(), |after| after + 1), card);
        }
    }
}

/// Gives a card a whole number, unless it has that already.
pub fn set_number(cards: &mut Vec<Card>, wanted: &str, new: f64, after: Option<&str>) {
    if number(cards, wanted) != Some(new) {
        set(cards, wanted, &format!("{new}"), after);
    }
}

/// Takes away the card with this key.
pub fn remove(cards: &mut Vec<Card>, wanted: &str) {
    cards.retain(|card| key(card) != wanted);
}

#[cfg(test)]
mod tests {
    use super::{card, find, number, set, text};

    #[test]
    fn values_and_comments() {
        let mut cards = vec![
            card("OBJECT", Some(("'M 31 / it''s'", "/ a galaxy"))),
            card("CRPIX1", Some(("1.5D2", "/ pixels"))),
            card("COMMENT", None),
        ];
        assert_eq!(text(&cards, "OBJECT").as_deref(), Some("M 31 / it''s"));
        assert_eq!((number(&cards, "CRPIX1"), number(&cards, "COMMENT")), (Some(150.0), None));
        set(&mut cards, "CRPIX1", "148.0", None);
        let written = String::from_utf8(find(&cards, "CRPIX1").unwrap().to_vec()).unwrap();
        assert!(written.starts_with("CRPIX1  =                148.0 / pixels"), "{written}");
        set(&mut cards, "NAXIS1", "7", Some("OBJECT"));
        assert_eq!(super::key(&cards[1]), "NAXIS1");
    }
}
