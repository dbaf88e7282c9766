log.o: server/base/log.h
