package claims

import "builders.test/helpers/spec"

var images = []spec.Claim{}
