import { describe, expect, test } from 'bun:test'
import { stripped } from '../stripped.fixture.ts'

const python = (code: string): string => stripped('python', code)
const stays = (code: string): void => expect(python(code)).toBe(code)

test('lines that hold only a comment go as lines, others lose it with the blanks before it', () => {
  expect(python('# a\nx = 1  # b\n    # c\nif x:  # d\n    # e\n    y()\n')).toBe('x = 1\nif x:\n    y()\n')
  expect(python('x = [\r\n    1,  # one\r\n    # two\r\n    2,\r\n]\r\n')).toBe(
    'x = [\r\n    1,\r\n    2,\r\n]\r\n',
  )
})

test('docstrings are strings', () => {
  const code = 'def f():\n    """Does. # not a comment\n\n    # nor this\n    """\n    return 1\n'
  stays(code)
  expect(python(`${code}# end\n`)).toBe(code)
})

describe('what tools read stays', () => {
  test.each([
    'x = []  # type: list[int]',
    'import os  # noqa: F401',
    'import os  # isort: skip',
    'x = 1  # pylint: disable=foo',
    'x = 1  # mypy: ignore-errors',
    'x = 1  # pyright: ignore',
    '# fmt: off',
    'x = eval(y)  # nosec',
    'if x: pass  # pragma: no cover',
    '# ruff: noqa',
    '# cython: language_level=3',
    '# %%',
    '# In[3]:',
    '# SPDX-License-Identifier: MIT',
    'x = 1  # because of that  # noqa',
    '# Databricks notebook source',
    '# MAGIC %sql select 1',
    '# MAGIC',
    '# COMMAND ----------',
    '# DBTITLE 1,Load',
    'n = 3 #@param {type:"integer"}',
    '# @title Load',
    '#@title Load',
    'x = eval(y)  # NOSONAR',
  ])('%s', (line) => stays(`import a\n${line}\nb()\n`))

  test.each([
    '# a Databricks notebook',
    '# MAGICAL',
    '# magic',
    '# COMMAND --------',
    '# DBTITLES',
    '# @parameter',
    '# the title',
    '# @titles',
    '# NOSONARS',
  ])('but not %s', (comment) => expect(python(`import a\n${comment}\nb()\n`)).toBe('import a\nb()\n'))

  test('the first line and the coding of the file', () => {
    stays('#!/usr/bin/env python3\n# -*- coding: latin-1 -*-\nx = 1\n')
    expect(python('# a\n# vim: set fileencoding=utf-8 :\n# coding: no\nx = 1\n')).toBe(
      '# vim: set fileencoding=utf-8 :\nx = 1\n',
    )
    expect(python('x = 1\n#!/bin/sh\n')).toBe('x = 1\n')
  })

  test('metadata of scripts, all of its lines', () => {
    const metadata = '# /// script\n# dependencies = [\n#   "requests",\n# ]\n# ///\n'
    expect(python(`# a\n${metadata}# b\nx = 1\n`)).toBe(`${metadata}x = 1\n`)
  })
})

describe('strings of all kinds hold no comments', () => {
  test.each([
    `x = '# no' + "# no" + '\\'# no'`,
    `x = r'\\' # no'`,
    `x = rb"# no" + Rb'# no' + u"# no"`,
    `x = '''a\n# no\n''' + """b "" # no\n"""`,
    `x = 'a \\\n# no'`,
    `x = f'{a["#"]} # no' + f"{a!r:>{width}} # no"`,
    `x = f"{a['b']} # no"`,
    `x = f'{a['b']} # no'`,
    `x = f"{f"{f"{1}# no"}# no"}# no"`,
    `x = f'''{\na\n} # no'''`,
    `x = f"{x:#x} # no {y:%H:%M#}"`,
    `x = f"{{# no}} {{{a}}} \\N{NUMBER SIGN} # no"`,
    `x = rf"\\{a} # no" + fr'\\' # no'`,
    `x = f"{(lambda y: y)(1):#>10} # no"`,
    `x = t"{a} # no"`,
  ])('%s', (line) => stays(`${line}\ny()\n`))

  test('and behind them comments are comments', () => {
    expect(python(`x = f"{a!r:>{w}}"  # yes\ny = f'{a['b']}'  # yes\n`)).toBe(
      `x = f"{a!r:>{w}}"\ny = f'{a['b']}'\n`,
    )
    expect(python('x = rb"\\\\"  # yes\n')).toBe('x = rb"\\\\"\n')
  })
})

test('behind a joined line a comment holds two lines apart', () => {
  stays('x = 1 + \\\n    2 \\\n# apart\ny = 3\n')
  expect(python('x = 1 + \\\n    2  # two\ny = 3\n')).toBe('x = 1 + \\\n    2\ny = 3\n')
})

test('a body of nothing but comments stays: something was left out', () => {
  stays('def f():\n    # as before\n\ndef g():\n    # also\n')
  expect(python('def f():\n    # a\n    pass\n# b\nx()\n')).toBe('def f():\n    pass\nx()\n')
})

describe('what is doubtful stays as it is', () => {
  test.each([
    ['a string without end', `x = 'a # b\ny = 1 # c\n`],
    ['a docstring without end', `"""a\n# b\n`],
    ['a formatted string without end', `x = f"{a # b\n`],
    ['a comment in a formatted string', `x = f"""{\na # b\n}"""\n`],
    ['an open bracket', 'x = (1, # a\n'],
    ['the wrong bracket', 'x = (1] # a\n'],
    ['a session at a prompt', '>>> x = 1 # a\n1\n'],
    ['commands of a notebook', '%timeit f() # a\n'],
    ['a command of a shell', '!pip install x # a\n'],
    ['a diff', ' x = 1 # a\n-y = 1\n+y = 2\n'],
    ['numbers of lines', '1: x = 1 # a\n2: y = 2\n'],
    ['nothing but comments', '# a\n# b\n'],
    ['a backslash in the middle', 'x = \\ 1 # a\n'],
  ])('%s', (_, code) => stays(code))
})

test('asides stay', () => {
  stays('def f():\n    x()\n    # ... rest as before\n    # TODO: close it\n    y()  # <-- raises\n')
})

describe('de-indented', () => {
  test('one blank stays for each level, none in brackets, all in strings', () => {
    const code =
      'class A:\n    def f(self):\n        x = """\n        text\n        """\n        return [\n            1,\n        ]\n    y = 2\n'
    expect(stripped('python', code, true)).toBe(
      'class A:\n def f(self):\n  x = """\n        text\n        """\n  return [\n1,\n]\n y = 2\n',
    )
  })

  test('tabs are as good as blanks, both together are not', () => {
    expect(stripped('python', 'if x:\n\t\ty()\n\t\tz()\n', true)).toBe('if x:\n\ty()\n\tz()\n')
    const mixed = 'if x:\n    y() # a\n\tz()\n'
    expect(stripped('python', mixed, true)).toBe(mixed)
  })
})
