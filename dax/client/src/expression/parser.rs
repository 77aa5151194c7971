//! What all expressions share: looking at tokens, paths, values, functions, limits and messages.

use dax_protocol::operator::Operator;

use super::lexer::{Lexer, Token, TokenKind};
use super::reserved::is_reserved;
use super::tree::{Element, NamedValue, Node};
use super::{ExpressionError, ExpressionKind, MAX_DEPTH, MAX_LENGTH, MAX_OPERATORS, MAX_PATH, Placeholders, Result};

/// Words that are part of the language and can be no attribute names.
const KEYWORDS: [&str; 9] = ["IN", "BETWEEN", "NOT", "AND", "OR", "SET", "ADD", "DELETE", "REMOVE"];

/// A function of the language.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) operator: Operator,
    pub(super) operands: usize,
    /// Whether its first operand has to be a path.
    needs_path: bool,
    /// Whether it belongs in update expressions; otherwise, in conditions.
    update: bool,
    /// Whether it may be an operand of an operator or another function.
    pub(super) operand: bool,
}

const FUNCTIONS: [Function; 8] = [
    condition("attribute_exists", Operator::AttributeExists, 1, true),
    condition("attribute_not_exists", Operator::AttributeNotExists, 1, true),
    condition("attribute_type", Operator::AttributeType, 2, true),
    condition("begins_with", Operator::BeginsWith, 2, false),
    condition("contains", Operator::Contains, 2, false),
    Function { operand: true, ..condition("size", Operator::Size, 1, false) },
    Function { update: true, operand: true, ..condition("if_not_exists", Operator::IfNotExists, 2, true) },
    Function { update: true, ..condition("list_append", Operator::ListAppend, 2, false) },
];

const fn condition(name: &'static str, operator: Operator, operands: usize, needs_path: bool) -> Function {
    Function { name, operator, operands, needs_path, update: false, operand: false }
}

/// A part of an expression, and what it can be used for.
pub(super) struct Part<'a, S> {
    pub(super) node: Node<'a>,
    pub(super) shape: S,
    /// Whether parentheses enclose it.
    pub(super) enclosed: bool,
}

impl<'a, S> Part<'a, S> {
    pub(super) const fn new(node: Node<'a>, shape: S) -> Self {
        Self { node, shape, enclosed: false }
    }
}

pub(super) struct Parser<'p, 'a> {
    kind: ExpressionKind,
    lexer: Lexer<'a>,
    pub(super) current: Token<'a>,
    /// Where the token before the current one starts.
    before: usize,
    placeholders: &'p mut Placeholders<'a>,
    values: Vec<NamedValue<'a>>,
    operators: usize,
    depth: usize,
}

impl<'p, 'a> Parser<'p, 'a> {
    pub(super) fn new(kind: ExpressionKind, text: &'a str, placeholders: &'p mut Placeholders<'a>) -> Result<Self> {
        if text.len() > MAX_LENGTH {
            let what = "Expression size has exceeded the maximum allowed size";
            return Err(ExpressionError::invalid(kind, format_args!("{what}; expression size: {}", text.len())));
        }
        if text.trim().is_empty() {
            return Err(ExpressionError::invalid(kind, "The expression can not be empty;"));
        }
        let mut lexer = Lexer::new(text);
        let current = lexer.next();
        Ok(Self { kind, lexer, current, before: 0, placeholders, values: Vec::new(), operators: 0, depth: 0 })
    }

    /// The values that were referred to, in the order of their first use.
    pub(super) fn into_values(self) -> Vec<NamedValue<'a>> {
        self.values
    }

    pub(super) fn advance(&mut self) {
        self.before = self.current.start;
        self.current = self.lexer.next();
    }

    /// Takes this symbol if it comes next.
    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let matches = matches!(self.current.kind, TokenKind::Symbol(found) if found == symbol);
        if matches {
            self.advance();
        }
        matches
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Takes this keyword, in any case, if it comes next.
    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let matches = self.at_keyword(keyword);
        if matches {
            self.advance();
        }
        matches
    }

    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        matches!(self.current.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn at_end(&self) -> bool {
        self.current.kind == TokenKind::End
    }

    /// Succeeds at the end of the text.
    pub(super) fn end(&self) -> Result<()> {
        if self.at_end() { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Parses something one level deeper.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return Err(self.invalid(format_args!("The expression is nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    /// An operator applied to operands.
    pub(super) fn call(&mut self, operator: Operator, operands: Vec<Node<'a>>) -> Result<Node<'a>> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            let what = "The expression contains too many operators";
            return Err(self.invalid(format_args!("{what}; operator count: {}", self.operators)));
        }
        Ok(Node::Call(operator, operands))
    }

    /// The function whose name comes next, if a parenthesis follows; the name and the parenthesis are taken.
    fn function(&mut self) -> Result<Option<&'static Function>> {
        let TokenKind::Word(name) = self.current.kind else {
            return Ok(None);
        };
        if is_keyword(name) || self.lexer.clone().next().kind != TokenKind::Symbol("(") {
            return Ok(None);
        }
        const TABLE: &[Function] = &FUNCTIONS;
        let function = TABLE.iter().find(|function| function.name.eq_ignore_ascii_case(name));
        let function = function.ok_or_else(|| self.invalid(format_args!("Invalid function name; function: {name}")))?;
        if function.update != (self.kind == ExpressionKind::Update) {
            let (noun, name) = (self.kind.noun(), function.name);
            return Err(self.invalid(format_args!("The function is not allowed in {noun}; function: {name}")));
        }
        self.advance();
        self.advance();
        Ok(Some(function))
    }

    /// Something in parentheses, parsed by `inner`; a function, a value or a path. `operand` is the shape of the last two,
    /// `call` gives that of a function, whose arguments are parsed by `argument`.
    pub(super) fn primary<S>(
        &mut self,
        operand: S,
        inner: impl FnOnce(&mut Self) -> Result<Part<'a, S>>,
        argument: impl FnMut(&mut Self) -> Result<Node<'a>>,
        call: impl FnOnce(&'static Function) -> S,
    ) -> Result<Part<'a, S>> {
        if self.eat("(") {
            let inner = self.nested(inner)?;
            self.expect(")")?;
            if inner.enclosed {
                return Err(self.redundant_parentheses());
            }
            return Ok(Part { enclosed: true, ..inner });
        }
        if let Some(node) = self.value()? {
            return Ok(Part::new(node, operand));
        }
        if let Some(function) = self.function()? {
            return Ok(Part::new(self.arguments(function, argument)?, call(function)));
        }
        Ok(Part::new(Node::Path(self.path()?), operand))
    }

    /// The operands of a function, each parsed by `operand`, up to the closing parenthesis.
    fn arguments(
        &mut self,
        function: &Function,
        mut operand: impl FnMut(&mut Self) -> Result<Node<'a>>,
    ) -> Result<Node<'a>> {
        let mut operands = Vec::with_capacity(function.operands);
        loop {
            operands.push(self.nested(&mut operand)?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        if operands.len() != function.operands {
            let what = "Incorrect number of operands for operator or function";
            let (name, count) = (function.name, operands.len());
            return Err(self.invalid(format_args!("{what}; operator or function: {name}, number of operands: {count}")));
        }
        if function.needs_path && !operands.first().is_some_and(Node::is_path) {
            let what = "Operator or function requires a document path";
            return Err(self.invalid(format_args!("{what}; operator or function: {}", function.name)));
        }
        self.call(function.operator, operands)
    }

    pub(super) fn misplaced(&self, function: &str) -> ExpressionError {
        let what = "The function is not allowed to be used this way in an expression";
        self.invalid(format_args!("{what}; function: {function}"))
    }

    fn redundant_parentheses(&self) -> ExpressionError {
        self.invalid("The expression has redundant parentheses;")
    }

    /// A document path.
    pub(super) fn path(&mut self) -> Result<Vec<Element<'a>>> {
        let mut elements = vec![self.element()?];
        loop {
            if self.eat(".") {
                elements.push(self.element()?);
            } else if self.eat("[") {
                elements.push(self.index()?);
                self.expect("]")?;
            } else {
                break;
            }
            if elements.len() > MAX_PATH {
                let what = "The document path has too many nesting elements";
                return Err(self.invalid(format_args!("{what}; nesting levels: {}", elements.len())));
            }
        }
        Ok(elements)
    }

    fn element(&mut self) -> Result<Element<'a>> {
        let name = match self.current.kind {
            TokenKind::Word(word) if !is_keyword(word) => {
                if is_reserved(word) {
                    let what = "Attribute name is a reserved keyword";
                    return Err(self.invalid(format_args!("{what}; reserved keyword: {word}")));
                }
                word
            }
            TokenKind::Name(placeholder) => self.placeholders.name(self.kind, placeholder)?,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(Element::Name(name))
    }

    fn index(&mut self) -> Result<Element<'a>> {
        let TokenKind::Number(digits) = self.current.kind else {
            return Err(self.syntax_error());
        };
        let Ok(index) = digits.parse() else {
            let what = "List index is not within the allowable range";
            return Err(self.invalid(format_args!("{what}; index: [{digits}]")));
        };
        self.advance();
        Ok(Element::Index(index))
    }

    /// A value placeholder, if one comes next.
    pub(super) fn value(&mut self) -> Result<Option<Node<'a>>> {
        let TokenKind::Value(placeholder) = self.current.kind else {
            return Ok(None);
        };
        let value = self.placeholders.value(self.kind, placeholder)?;
        self.advance();
        let known = self.values.iter().position(|(name, _)| *name == placeholder);
        Ok(Some(Node::Value(known.unwrap_or_else(|| {
            self.values.push((placeholder, value));
            self.values.len() - 1
        }))))
    }

    /// A syntax error at the current token.
    pub(super) fn syntax_error(&self) -> ExpressionError {
        let text = self.lexer.text;
        let token = match self.current.kind {
            TokenKind::End => "<EOF>",
            _ => text.get(self.current.start..self.current.end).unwrap_or_default(),
        };
        let near = text.get(self.before..self.lexer.clone().next().end).unwrap_or_default();
        let near: String = near.chars().take(40).collect();
        let position = text.get(..self.current.start).map_or(0, |before| before.chars().count()) + 1;
        self.invalid(format_args!("Syntax error; token: \"{token}\", near: \"{near}\", at character {position}"))
    }

    fn invalid(&self, what: impl std::fmt::Display) -> ExpressionError {
        ExpressionError::invalid(self.kind, what)
    }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
