"""Completion scripts for bash, zsh and fish, and what they ask this program.

A script gives the line up to the cursor and the characters at which the shell begins a new word, and gets one line for
each completion: its kind, a space, the word, and a tab and a description if there is one. bash breaks words at `:` and
`=` and gets what follows the last of them; the others get the whole word, with `--context=` before a value.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

LINE_VARIABLE = "COCKPIT_COMPLETE_LINE"
BREAKS_VARIABLE = "COCKPIT_COMPLETE_BREAKS"
# Stands for the cursor, so that a line that ends with a space has an empty last word.
_CURSOR = "\x00"
# Words after which more is typed without a space.
_OPEN = ("/", "=")

_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=' ' read -r kind value; do
        case $kind in
            file) compopt -o default ;;
            open) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COCKPIT_COMPLETE_LINE=${COMP_LINE:0:COMP_POINT} COCKPIT_COMPLETE_BREAKS=$COMP_WORDBREAKS \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local kind rest
    local -a words_ended shown_ended words_open
    while IFS=' ' read -r kind rest; do
        case $kind in
            file) _files ;;
            open) words_open+=("${rest%%%%$'\\t'*}") ;;
            plain)
                words_ended+=("${rest%%%%$'\\t'*}")
                shown_ended+=("${rest/$'\\t'/  }") ;;
        esac
    done < <(COCKPIT_COMPLETE_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" \\
        %(complete_var)s=zsh_complete ${words[1]} 2>/dev/null)
    (( $#words_open )) && compadd -U -S '' -a words_open
    (( $#words_ended )) && compadd -U -l -d shown_ended -a words_ended
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -lx COCKPIT_COMPLETE_LINE (commandline -cp | string collect)
    for line in (%(complete_var)s=fish_complete %(prog_name)s 2>/dev/null)
        set -l parts (string split -m 1 ' ' -- $line)
        switch $parts[1]
            case file
                __fish_complete_path (commandline -ct)
            case plain open
                echo $parts[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments '(%(complete_func)s)'
"""


class _Shell(ShellComplete):
    """What the three shells have in common."""

    tells_help: ClassVar[bool] = True
    _typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, without the program, and that one so far."""
        *before, last = split_arg_string(os.environ.get(LINE_VARIABLE, "") + _CURSOR) or [""]
        self._typed = last.replace(_CURSOR, "")
        return before[1:], self._typed

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """One line of the answer."""
        if item.type != "plain":
            return str(item.type)
        value = completed_word(self._typed, str(item.value), os.environ.get(BREAKS_VARIABLE, ""))
        kind = "open" if value.endswith(_OPEN) else "plain"
        help = " ".join((item.help or "").split())
        return f"{kind} {value}\t{help}" if help and self.tells_help else f"{kind} {value}"


def completed_word(typed: str, value: str, breaks: str) -> str:
    """What takes the place of the shell's last word: of the whole one, unless the shell broke it at one of `breaks`."""
    option, sign, _ = typed.partition("=")
    head = option + sign if sign and option.startswith("-") else ""
    whole = head + value
    begin = 1 + max((typed.rfind(character) for character in breaks if character in ":="), default=-1)
    return whole[begin:] if whole.startswith(typed[:begin]) else value


class Bash(_Shell):
    """bash 4.4 or newer; descriptions would be inserted there."""

    name = "bash"
    source_template = _BASH
    tells_help = False


class Zsh(_Shell):
    """zsh 5."""

    name = "zsh"
    source_template = _ZSH


class Fish(_Shell):
    """fish 3."""

    name = "fish"
    source_template = _FISH


SHELLS: dict[str, type[_Shell]] = {shell.name: shell for shell in (Bash, Zsh, Fish)}
for _shell in SHELLS.values():
    add_completion_class(_shell)

# kubectl asks an executable `kubectl_complete-NAME` (kubectl, `plugin_completion.go`): one word a line, the last line a
# colon and what the shell may do beyond them (cobra's ShellCompDirective): 4 offers no files, 2 adds no space.
_NO_FILES, _NO_SPACE = 4, 2


def answer_for_kubectl(command: click.Command, program: object, words: list[str]) -> list[str]:
    """The lines for kubectl, of the words after `kubectl cockpit`; the last one is completed."""
    *before, typed = words or [""]
    found = ShellComplete(command, {"obj": program}, "kubectl cockpit", "").get_completions(list(before), typed)
    lines = []
    for item in found:
        if item.type == "plain":
            help = " ".join((item.help or "").split())
            lines.append(completed_word(typed, str(item.value), "") + (f"\t{help}" if help else ""))
    files = any(item.type != "plain" for item in found)
    still_open = any(line.partition("\t")[0].endswith(_OPEN) for line in lines)
    return [*lines, f":{(0 if files else _NO_FILES) + (_NO_SPACE if still_open else 0)}"]
