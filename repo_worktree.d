repo_worktree.o: server/sys/repo_worktree.h server/sys/repo.h \
 server/base/arena.h server/base/err.h
server/sys/repo.h:
server/base/arena.h:
server/base/err.h:
