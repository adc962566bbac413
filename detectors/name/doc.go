// Package name finds the people that a text names: by lists of given and
// family names, by endings and shape, by initials, and by what stands beside
// them (a word of family, a verb, an age, a title). It tells the people a text
// is about from those who write, sign or decide in their role.
//
// It never decides whether a text is sensitive, and a Mention keeps offsets
// and a hash, not the name.
//
// Start reading at Find. The lists and their sources are in the folder lists;
// folder lists/LICENSE.faker holds the licence of those that are not our own.
package name
