package fieldops

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// MinPasswordLength is the only rule for passwords, after NIST SP 800-63B
// section 3.1.1: length, no composition rules. The upper bound keeps the cost
// of hashing bounded.
const (
	MinPasswordLength = 8
	maxPasswordLength = 256
)

// Argon2id with 19 MiB, two passes and one lane, the OWASP recommendation
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
)

// CheckPassword refuses a password that is too short or too long.
func CheckPassword(field, password string) error {
	var f Faults
	f.Require(utf8.RuneCountInString(password) >= MinPasswordLength, field, "Password must be at least %d characters", MinPasswordLength)
	f.Require(len(password) <= maxPasswordLength, field, "Password must be at most %d bytes", maxPasswordLength)
	return f.Err("")
}

// HashPassword makes the text under which a password is kept, in the PHC string
// format. Each call salts anew.
func HashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// PasswordMatches reports whether the password is the one that was hashed, and
// whether the hash is of an older form and should be made anew. It knows our
// own form and bcrypt, which the previous product used.
func PasswordMatches(hash, password string) (matches, outdated bool) {
	if len(password) > maxPasswordLength {
		return false, false
	}
	if strings.HasPrefix(hash, "$2") {
		// bcrypt looks at no more than 72 bytes; the previous product cut there too.
		given := []byte(password)
		return bcrypt.CompareHashAndPassword([]byte(hash), given[:min(len(given), 72)]) == nil, true
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, false
	}
	var version, memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil ||
		version != argon2.Version || passes == 0 || lanes == 0 || memory > 1<<20 || passes > 100 {
		return false, false
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(key) == 0 {
		return false, false
	}
	given := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(key)))
	outdated = memory != argonMemory || passes != argonTime || lanes != argonLanes
	return subtle.ConstantTimeCompare(given, key) == 1, outdated
}
