package claims

import "builders.test/helpers/spec"

var images = append([]spec.Claim{}, disk...)
