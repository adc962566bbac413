package html

// SetMaxToken changes the limit for a test and returns what undoes it.
func SetMaxToken(n int) (undo func()) {
	old := maxToken
	maxToken = n
	return func() { maxToken = old }
}
