package tui

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// theme is what everything on the screen is drawn with: the styles, named for
// what they mean, and the ruler that measures text. Colour never carries a
// meaning alone; signs and words stand beside it.
type theme struct {
	ruler

	name string // "dark", "light" or "mono"

	text     lipgloss.Style // ordinary text
	muted    lipgloss.Style // labels, hints, what matters less
	accent   lipgloss.Style // what the eye shall find first
	title    lipgloss.Style // a pane's or dialog's title
	heading  lipgloss.Style // column headings, section heads
	key      lipgloss.Style // a key in a hint
	disabled lipgloss.Style // what cannot be used now

	good lipgloss.Style
	warn lipgloss.Style
	bad  lipgloss.Style

	added   lipgloss.Style // a row that a plan adds
	removed lipgloss.Style // a row that a plan removes
	skipped lipgloss.Style // a row that a plan leaves alone

	selected lipgloss.Style // the row under the cursor, pane focused
	current  lipgloss.Style // the row under the cursor, pane not focused
	marked   lipgloss.Style // the sign of a marked row

	border        lipgloss.Style
	borderFocused lipgloss.Style

	barFull  lipgloss.Style // the filled part of a bar
	barEmpty lipgloss.Style

	tab       lipgloss.Style // a tab of the title bar
	tabActive lipgloss.Style
	brand     lipgloss.Style // the program's name in the title bar
	badge     lipgloss.Style // the read-only badge
	big       lipgloss.Style // the one large number or code of a screen
	toast     lipgloss.Style // a notice above the status line
	qr        lipgloss.Style // a QR code: the light modules are the ink
}

// palette is the small set of roles that a theme is built from. A nil colour
// is the terminal's own.
type palette struct {
	text, muted, accent, line color.Color
	good, warn, bad           color.Color
	selectedText, selectedBG  color.Color
	currentBG                 color.Color
	badgeText                 color.Color
}

func darkTheme() *theme {
	return paletteTheme("dark", palette{
		muted: lipgloss.Color("#8b949e"), accent: lipgloss.Color("#6cb6ff"), line: lipgloss.Color("#484f58"),
		good: lipgloss.Color("#6bc46d"), warn: lipgloss.Color("#daaa3f"), bad: lipgloss.Color("#f47067"),
		selectedText: lipgloss.Color("#ffffff"), selectedBG: lipgloss.Color("#1f4b7a"), currentBG: lipgloss.Color("#2d333b"),
		badgeText: lipgloss.Color("#1c2128"),
	})
}

func lightTheme() *theme {
	return paletteTheme("light", palette{
		muted: lipgloss.Color("#57606a"), accent: lipgloss.Color("#0550ae"), line: lipgloss.Color("#afb8c1"),
		good: lipgloss.Color("#116329"), warn: lipgloss.Color("#7d4e00"), bad: lipgloss.Color("#a40e26"),
		selectedText: lipgloss.Color("#0a3069"), selectedBG: lipgloss.Color("#b6dcff"), currentBG: lipgloss.Color("#e7ebef"),
		badgeText: lipgloss.Color("#ffffff"),
	})
}

// paletteTheme derives every style from the roles.
func paletteTheme(name string, p palette) *theme {
	fg := func(c color.Color) lipgloss.Style {
		s := lipgloss.NewStyle()
		if c != nil {
			s = s.Foreground(c)
		}
		return s
	}
	return &theme{
		name:     name,
		text:     fg(p.text),
		muted:    fg(p.muted),
		accent:   fg(p.accent),
		title:    fg(p.accent).Bold(true),
		heading:  fg(p.muted).Bold(true),
		key:      fg(p.accent),
		disabled: fg(p.muted).Faint(true),

		good: fg(p.good),
		warn: fg(p.warn),
		bad:  fg(p.bad).Bold(true),

		added:   fg(p.good),
		removed: fg(p.bad),
		skipped: fg(p.muted),

		selected: fg(p.selectedText).Background(p.selectedBG).Bold(true),
		current:  fg(p.text).Background(p.currentBG),
		marked:   fg(p.warn).Bold(true),

		border:        fg(p.line),
		borderFocused: fg(p.accent),

		barFull:  fg(p.accent),
		barEmpty: fg(p.line),

		tab:       fg(p.muted),
		tabActive: fg(p.selectedText).Background(p.selectedBG).Bold(true),
		brand:     fg(p.accent).Bold(true),
		badge:     fg(p.badgeText).Background(p.warn).Bold(true),
		big:       fg(p.accent).Bold(true),
		toast:     fg(p.text).Background(p.currentBG),
		qr:        fg(lipgloss.Color("#ffffff")).Background(lipgloss.Color("#000000")),
	}
}

// monoTheme has no colour at all, for NO_COLOR and terminals without any: it
// speaks by weight and reversal.
func monoTheme() *theme {
	plain := lipgloss.NewStyle()
	bold, faint, reverse := plain.Bold(true), plain.Faint(true), plain.Reverse(true)
	return &theme{
		name: "mono",
		text: plain, muted: faint, accent: bold, title: bold, heading: bold, key: bold, disabled: faint,
		good: plain, warn: bold, bad: bold,
		added: plain, removed: bold, skipped: faint,
		selected: reverse, current: bold, marked: bold,
		border: faint, borderFocused: bold,
		barFull: plain, barEmpty: faint,
		tab: plain, tabActive: reverse.Bold(true), brand: bold, badge: reverse, big: bold, toast: reverse, qr: plain,
	}
}
