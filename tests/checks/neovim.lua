-- Run by test_editors.sh inside Neovim: each line it prints is a test.
local gadugi = require('gadugi')
local function test(name, ok, detail)
  io.stdout:write((ok and 'ok ' or 'not ok ') .. name .. '\n')
  if not ok then
    io.stdout:write('    ' .. vim.inspect(detail) .. '\n')
  end
end

gadugi.setup({ command = { vim.env.GADUGI, 'serve' } })
local names, why = gadugi.tools()
test('neovim_lists_the_tools', names ~= nil and vim.tbl_contains(names, 'events'), names or why)

local answer, err = gadugi.call_wait('events', { action = 'publish', topic = 'from.neovim', payload = { a = 1 } })
test('neovim_calls_a_tool', answer ~= nil and answer.seq == 1, answer or err)

answer, err = gadugi.call_wait('events', { action = 'list' })
test('neovim_gets_structured_answers', answer ~= nil and answer.events[1].topic == 'from.neovim', answer or err)

answer, err = gadugi.call_wait('events', { action = 'nonsense' })
test('neovim_is_told_why_a_tool_failed', answer == nil and err:find("'action'", 1, true) ~= nil, err)

answer, err = gadugi.call_wait('no_such_tool', {})
test('neovim_is_told_of_an_unknown_tool', answer == nil and err:find('no_such_tool', 1, true) ~= nil, err)

local got = 0
for _ = 1, 20 do
  gadugi.call('events', { action = 'list', limit = 1 }, function(e)
    if e == nil then
      got = got + 1
    end
  end)
end
vim.wait(5000, function() return got == 20 end, 5)
test('neovim_has_many_calls_in_flight', got == 20, got)

vim.cmd([[Gadugi events {"action": "list"}]])
vim.wait(5000, function() return vim.bo.filetype == 'json' end, 5)
local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
test('the_command_opens_the_answer', text:find('from.neovim', 1, true) ~= nil, text)

gadugi.stop()
answer, err = gadugi.call_wait('events', { action = 'list' })
test('a_stopped_server_is_started_again', answer ~= nil, err)
gadugi.stop()

gadugi.setup({ command = { '/nowhere/gadugi' } })
local ok, result, reason = pcall(gadugi.call_wait, 'events', { action = 'list' })
test('a_server_that_is_not_there_is_told', not ok or (result == nil and reason ~= nil), { ok, result, reason })
