package claims

import "builders.test/helpers/spec"

var ffmpeg = []spec.Claim{}
