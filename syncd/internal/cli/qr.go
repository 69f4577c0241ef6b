package cli

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the empty edge of a QR code, in modules. Readers need four by the
// standard, and manage with two on a screen.
const quiet = 2

// qrText draws a QR code for a terminal: two modules a character, black on white
// whatever the colours of the terminal are. It is empty for a text that is too
// long, which stands above it anyhow.
func qrText(text string) string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := -quiet; x < code.Size+quiet; x++ {
			b.WriteString(half(code.Black(x, y), code.Black(x, y+1)))
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}

// half is the character of a module and the one below it. What is outside the
// code is white.
func half(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
