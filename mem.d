mem.o: server/base/mem.h
