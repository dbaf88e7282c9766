-- gadugi.lua - the tools of gadugi in Neovim (0.7 or newer).
--
--   require('gadugi').setup{}                 -- once; command = {'gadugi', 'serve'} by default
--   require('gadugi').tools()                 -- names of the tools
--   require('gadugi').call('recall', { query = 'database' }, function(err, answer) ... end)
--   require('gadugi').call_wait('decompose', { path = 'PLAN.md' }, 10000)
--   :Gadugi recall {"query": "database"}      -- the answer in a new window
--
-- The server is started at the first call, for the folder Neovim works in, and ends with
-- Neovim or with stop().

local M = {}

local PROTOCOL = '2025-11-25'

local options = { command = { 'gadugi', 'serve' } }
local job -- the server's channel, nil while it does not run
local rest = '' -- the beginning of a line that is not whole yet
local waiting = {} -- id -> function(err, result)
local next_id = 1

local function fail_all(reason)
  local old = waiting
  waiting, job, rest = {}, nil, ''
  for _, done in pairs(old) do
    done(reason)
  end
end

local function take(line)
  local ok, message = pcall(vim.json.decode, line)
  if not ok or type(message) ~= 'table' or message.id == nil then
    return
  end
  local done = waiting[message.id]
  waiting[message.id] = nil
  if done == nil then
    return
  end
  if message.error ~= nil then
    done(message.error.message)
  else
    done(nil, message.result)
  end
end

-- Output comes in pieces: the first continues the last line, the last is not whole yet.
local function on_stdout(_, pieces)
  rest = rest .. pieces[1]
  for i = 2, #pieces do
    local line = rest
    rest = pieces[i]
    if line ~= '' then
      take(line)
    end
  end
end

local function send(message)
  message.jsonrpc = '2.0'
  vim.fn.chansend(job, vim.json.encode(message) .. '\n')
end

local function request(method, params, done)
  local id = next_id
  next_id = next_id + 1
  waiting[id] = done
  send({ id = id, method = method, params = params })
end

local function start()
  if job ~= nil then
    return true
  end
  local started = vim.fn.jobstart(options.command, {
    on_stdout = on_stdout,
    on_exit = function(ended, code)
      if ended == job then
        fail_all('the gadugi server has ended with exit status ' .. code)
      end
    end,
  })
  if started <= 0 then
    return false, "cannot start '" .. options.command[1] .. "'; is it on PATH?"
  end
  job = started
  request('initialize', {
    protocolVersion = PROTOCOL,
    capabilities = vim.empty_dict(),
    clientInfo = { name = 'neovim', version = tostring(vim.version().major) .. '.' .. vim.version().minor },
  }, function(err)
    if err == nil then
      send({ method = 'notifications/initialized' })
    end
  end)
  return true
end

-- Run an asynchronous function to its end, or to the end of the time.
local function wait_for(milliseconds, begin)
  local finished, err, answer = false, nil, nil
  begin(function(e, a)
    finished, err, answer = true, e, a
  end)
  if not vim.wait(milliseconds, function() return finished end, 5) then
    return nil, 'no answer within ' .. milliseconds .. ' ms'
  end
  return answer, err
end

function M.setup(wanted)
  options = vim.tbl_extend('force', options, wanted or {})
end

function M.stop()
  if job ~= nil then
    local ended = job
    fail_all('stopped')
    vim.fn.jobstop(ended)
  end
end

-- Call a tool; done(err, answer) gets its structured answer as a table.
function M.call(tool, arguments, done)
  local ok, why = start()
  if not ok then
    return done(why)
  end
  if arguments == nil or next(arguments) == nil then
    arguments = vim.empty_dict()
  end
  request('tools/call', { name = tool, arguments = arguments }, function(err, result)
    if err ~= nil then
      return done(err)
    end
    if result.isError == true then
      return done(result.content[1].text)
    end
    done(nil, result.structuredContent)
  end)
end

-- The same, waiting: returns the answer, or nil and why there is none.
function M.call_wait(tool, arguments, milliseconds)
  return wait_for(milliseconds or 10000, function(done)
    M.call(tool, arguments, done)
  end)
end

-- Names of the tools, or nil and why there are none.
function M.tools(milliseconds)
  local ok, why = start()
  if not ok then
    return nil, why
  end
  local answer, err = wait_for(milliseconds or 5000, function(done)
    request('tools/list', vim.empty_dict(), done)
  end)
  if answer == nil then
    return nil, err
  end
  local names = {}
  for _, tool in ipairs(answer.tools) do
    table.insert(names, tool.name)
  end
  return names
end

-- :Gadugi TOOL [JSON]
local function command(words)
  local tool, json = words.args:match('^(%S+)%s*(.*)$')
  local ok, arguments = pcall(vim.json.decode, json == '' and '{}' or json)
  if not ok then
    return vim.notify('gadugi: the arguments are not JSON', vim.log.levels.ERROR)
  end
  M.call(tool, arguments, function(err, answer)
    if err ~= nil then
      return vim.notify('gadugi: ' .. err, vim.log.levels.ERROR)
    end
    vim.cmd('new')
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.filetype = 'nofile', 'wipe', 'json'
    vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(vim.inspect(answer), '\n'))
  end)
end

vim.api.nvim_create_user_command('Gadugi', command, {
  nargs = '+',
  complete = function(start_of, line)
    if line:match('^%s*%S+%s+%S*$') == nil then
      return {}
    end
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start_of)
    end, M.tools() or {})
  end,
})

return M
