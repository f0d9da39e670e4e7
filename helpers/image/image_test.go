package image

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestRepositoryOf(t *testing.T) {
	const digest = "@sha256:06df8d109bb2fc0eab9a4f2aa56c93711ccb4972305328e19fcaab115de74718"
	assert.Equal(t, repositoryOf("127.0.0.1:5000/run/app:both"), "127.0.0.1:5000/run/app")
	assert.Equal(t, repositoryOf("127.0.0.1:5000/run/app"+digest), "127.0.0.1:5000/run/app")
	assert.Equal(t, repositoryOf("busybox"+digest), repositoryOf("docker.io/library/busybox:latest"))
	assert.Equal(t, repositoryOf("no reference"), "")
}
