package uses

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/tonistiigi/go-csvvalue"
)

// Dockerfile reads a Dockerfile with BuildKit's parser.
func Dockerfile(content []byte) ([]Use, error) {
	parsed, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	uses := directives(content)
	lines := strings.Split(string(content), "\n")
	for _, node := range parsed.AST.Children {
		uses = append(uses, instruction(node, node.StartLine, "")...)
		uses = append(uses, flagsOf(node, lines)...)
	}
	return uses, nil
}

// flagsOf returns what the flags of an instruction use, each on the line where it stands.
func flagsOf(node *parser.Node, lines []string) []Use {
	var uses []Use
	line := node.StartLine
	for _, flag := range node.Flags {
		for at := line; at <= node.EndLine && at <= len(lines); at++ {
			if before, after, found := strings.Cut(lines[at-1], flag); found {
				line, lines[at-1] = at, before+after // the next one like it is another
				break
			}
		}
		uses = append(uses, instructionFlag(line, strings.ToUpper(node.Value), flag)...)
	}
	return uses
}

// directives are the lines at the head that steer the parser or the frontend.
func directives(content []byte) []Use {
	var uses []Use
	for _, key := range []string{"syntax", "check", "escape"} {
		if _, _, where, ok := parser.ParseDirective(key, content); ok {
			uses = append(uses, at(where[0].Start.Line, Instruction, "# "+key))
		}
	}
	return uses
}

func at(line int, kind Kind, name string) Use {
	return Use{Item: Item{Kind: kind, Name: name}, Line: line}
}

// instruction returns what an instruction on a line uses; before is "ONBUILD " or nothing.
func instruction(node *parser.Node, line int, before string) []Use {
	word := strings.ToUpper(node.Value)
	name := before + word
	uses := []Use{at(line, Instruction, name)}
	if before != "" {
		for _, flag := range node.Flags {
			uses = append(uses, instructionFlag(line, name, flag)...)
		}
	}
	if len(node.Heredocs) > 0 {
		uses = append(uses, at(line, Instruction, name+" heredoc"))
	}
	if word == "ONBUILD" && node.Next != nil {
		for _, inner := range node.Next.Children {
			uses = append(uses, instruction(inner, line, "ONBUILD ")...)
		}
	}
	if word == "COPY" || word == "ADD" {
		uses = append(uses, sources(node, line, name)...)
	}
	return append(uses, arguments(line, node.Original)...)
}

// instructionFlag returns a flag and, if it is a mount, its type and options.
func instructionFlag(line int, instruction, flag string) []Use {
	name, value, _ := strings.Cut(flag, "=")
	uses := []Use{at(line, Instruction, instruction+" "+name)}
	if name != "--mount" {
		return uses
	}
	fields, err := csvvalue.Fields(value, nil)
	if err != nil {
		return uses
	}
	mount := "bind"
	for _, field := range fields {
		if kind, ok := strings.CutPrefix(field, "type="); ok {
			mount = kind
		}
	}
	base := instruction + " --mount=type=" + mount
	uses = append(uses, at(line, Instruction, base))
	for _, field := range fields {
		if key, _, _ := strings.Cut(field, "="); key != "type" {
			uses = append(uses, at(line, Instruction, base+","+mountOption(key)))
		}
	}
	return uses
}

// mountOption returns the first of the names that an option of a mount has.
func mountOption(key string) string {
	switch strings.ToLower(key) {
	case "dst", "destination":
		return "target"
	case "src":
		return "source"
	case "ro":
		return "readonly"
	case "rw":
		return "readwrite"
	}
	return strings.ToLower(key)
}

// sources are kinds of sources of COPY and ADD that are no plain file.
func sources(node *parser.Node, line int, name string) []Use {
	var uses []Use
	for n := node.Next; n != nil && n.Next != nil; n = n.Next {
		switch {
		case strings.ContainsAny(n.Value, "*?["):
			uses = append(uses, at(line, Instruction, name+" wildcard"))
		case strings.HasPrefix(n.Value, "http://"), strings.HasPrefix(n.Value, "https://"):
			uses = append(uses, at(line, Instruction, name+" URL"))
		case strings.HasPrefix(n.Value, "git@"), strings.HasPrefix(n.Value, "git://"):
			uses = append(uses, at(line, Instruction, name+" git"))
		}
	}
	return uses
}

// known are build arguments that BuildKit or its frontend sets or reads.
var known = regexp.MustCompile(`^(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$|^TARGETSTAGE$` +
	`|^BUILDKIT_(BUILD_NAME|CACHE_MOUNT_NS|CONTEXT_KEEP_GIT_DIR|DOCKERFILE_CHECK|INLINE_CACHE|MULTI_PLATFORM|SANDBOX_HOSTNAME|SBOM_SCAN_CONTEXT|SBOM_SCAN_STAGE|SYNTAX)$` +
	`|^SOURCE_DATE_EPOCH$|^(?i:https?_proxy|ftp_proxy|no_proxy|all_proxy)$`)

// words are what an argument's name may be made of.
var words = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// arguments returns the known build arguments that a text names.
func arguments(line int, text string) []Use {
	var found []string
	for _, word := range words.FindAllString(text, -1) {
		if known.MatchString(word) && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	var uses []Use
	for _, word := range found {
		uses = append(uses, at(line, Argument, word))
	}
	return uses
}
