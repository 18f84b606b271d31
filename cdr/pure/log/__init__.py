"""The debug log as rules: rows become lines with words, in order; filtered, folded, compared, written as text. Must not know tables."""
