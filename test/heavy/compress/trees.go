// Compares the trees of pairs of files: lines of JSON with "path", "before" and "after" in, one verdict out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"hash/fnv"
	"os"
	"reflect"
	"strings"
)

type pair struct{ Path, Before, After string }

var position = reflect.TypeOf(token.Pos(0))

// tree is a hash of the nodes and their texts without places, comments and objects.
func tree(file *ast.File) uint64 {
	hash := fnv.New64a()
	var visit func(value reflect.Value)
	visit = func(value reflect.Value) {
		switch value.Kind() {
		case reflect.Interface, reflect.Pointer:
			if value.IsNil() {
				fmt.Fprint(hash, "nil;")
				return
			}
			visit(value.Elem())
		case reflect.Slice:
			fmt.Fprint(hash, value.Len(), "[")
			for index := range value.Len() {
				visit(value.Index(index))
			}
		case reflect.Struct:
			fmt.Fprint(hash, value.Type().Name(), "{")
			for index := range value.NumField() {
				switch value.Type().Field(index).Name {
				case "Doc", "Comment", "Comments", "Obj", "Scope", "Unresolved", "Imports":
					continue
				}
				if value.Field(index).Type() == position {
					// Whether there is a parenthesis, an ellipsis or an equals sign is told by a place.
					fmt.Fprint(hash, value.Field(index).Int() != 0, ";")
					continue
				}
				visit(value.Field(index))
			}
			fmt.Fprint(hash, "}")
		default:
			fmt.Fprintf(hash, "%v;", value.Interface())
		}
	}
	visit(reflect.ValueOf(file))
	return hash.Sum64()
}

// directives are what tools read, in order: directives, constraints, what cgo compiles, what examples print.
func directives(file *ast.File) string {
	var found []string
	for _, group := range file.Comments {
		for _, comment := range group.List {
			text := comment.Text
			if strings.HasPrefix(text, "//go:") || strings.HasPrefix(text, "//export ") ||
				strings.HasPrefix(text, "//line ") || constraint.IsPlusBuild(text) || strings.HasPrefix(text, "//nolint") {
				found = append(found, text)
			}
		}
	}
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.IMPORT {
			continue
		}
		for _, spec := range general.Specs {
			if path := spec.(*ast.ImportSpec); path.Path.Value == `"C"` {
				found = append(found, general.Doc.Text(), path.Doc.Text())
			}
		}
	}
	return strings.Join(found, "\n")
}

func read(text string) (uint64, string, string, bool) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return 0, "", "", false
	}
	return tree(file), directives(file), file.GoVersion, true
}

func main() {
	files, equal, unequal := 0, 0, []string{}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(lines)
	for decoder.More() {
		var one pair
		if err := decoder.Decode(&one); err != nil {
			panic(err)
		}
		before, marks, version, ok := read(one.Before)
		if !ok {
			continue
		}
		files++
		after, marksAfter, versionAfter, ok := read(one.After)
		if ok && after == before && marksAfter == marks && versionAfter == version {
			equal++
		} else {
			unequal = append(unequal, one.Path)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"files": files, "equal": equal, "unequal": unequal})
}
