pool.o: server/work/pool.h server/base/err.h
server/base/err.h:
