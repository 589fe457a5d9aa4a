package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryDemoCommandOfTheReadmeRuns(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	path, err := binary()
	require.NoError(t, err)
	m := newMachine(t)
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		for line := range strings.Lines(block[1]) {
			if !strings.HasPrefix(line, "rollcall --demo ") {
				continue
			}
			ran++
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Env, cmd.Dir = append(m.env[:len(m.env):len(m.env)], "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH")), m.home
			out, err := cmd.CombinedOutput()
			if strings.Contains(line, "# points at the fault") {
				assert.Equal(t, 2, cmd.ProcessState.ExitCode(), "%s%s", line, out)
				assert.Contains(t, string(out), "^^^")
				continue
			}
			assert.NoError(t, err, "%s%s", line, out)
			assert.NotEmpty(t, out, line)
			assert.NotRegexp(t, `^(0\n|no user)`, string(out), "%s selects nobody", line)
		}
	}
	assert.GreaterOrEqual(t, ran, 12)
}
