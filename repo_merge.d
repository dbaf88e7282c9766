repo_merge.o: server/sys/repo_merge.h server/sys/repo.h \
 server/base/arena.h server/base/err.h
server/sys/repo.h:
server/base/arena.h:
server/base/err.h:
