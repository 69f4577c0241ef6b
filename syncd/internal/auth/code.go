package auth

import (
	"fmt"
	"strings"
)

const (
	codeLen      = 10
	codeBytesMax = 64 // of what people write
	codeDigits   = "0123456789abcdefghjkmnpqrstvwxyz"
)

var plainCode = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "i", "1", "l", "1", "o", "0")

// NormalCode reads the code of an invite as people write it: in capitals, with
// blanks and hyphens, with the letters that look like digits. It returns ten
// characters of Crockford's base 32 in lower case; the error wraps ErrMalformed.
func NormalCode(said string) (string, error) {
	if len(said) > codeBytesMax {
		return "", fmt.Errorf("code: %w: too long", ErrMalformed)
	}
	code := plainCode.Replace(strings.ToLower(said))
	if len(code) != codeLen || strings.Trim(code, codeDigits) != "" {
		return "", fmt.Errorf("code: %w: a code has %d letters and digits", ErrMalformed, codeLen)
	}
	return code, nil
}

// ShowCode writes a normal code as it is shown: xxxxx-xxxxx.
func ShowCode(normal string) string {
	if len(normal) != codeLen {
		return normal
	}
	return normal[:codeLen/2] + "-" + normal[codeLen/2:]
}
