/* editors.h - what editors/ holds that is installed into other programs; made by the Makefile. */
#ifndef CLI_EDITORS_H
#define CLI_EDITORS_H

extern const char editors_neovim[]; /* editors/neovim/lua/gadugi.lua */

#endif
