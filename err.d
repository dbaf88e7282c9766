err.o: server/base/err.h
