//! "Did you mean": the known name that is nearest to an unknown one.

/// The known name that `name` is most likely a misspelling of.
pub fn most_similar<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 32;
    const MOST: usize = 1000;
    if name.len() > LONGEST {
        return None;
    }
    let allowed = if name.len() <= 3 { 1 } else { 2 };
    known
        .take(MOST)
        .filter(|other| other.len() > 1 && other.len() <= LONGEST)
        .map(|other| (strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, other)| (*distance, *other))
        .map(|(_, other)| other)
}
